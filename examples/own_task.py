"""A network, data and loss of your own: find its pruned variant.

    python examples/own_task.py runs/parity

The same from the command line: hyperprune search --task own_task:Parity --out runs/parity, in this folder.
"""

import sys

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from hyperprune.search import for_task, run


class Tagger(nn.Module):
    """Nothing to inherit: any module with one recurrent part."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 16, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits ``(batch, time, 2)`` of bits ``(batch, time, 2)``, one-hot."""
        return self.out(self.lstm(x)[0])


class Parity:
    """At every step, whether the number of ones so far is odd."""

    score, higher_is_better, steps_per_epoch = "accuracy", True, 40
    defaults = {
        **{"recipe.optimizer": "adam", "recipe.learning_rate": 0.01, "recipe.epochs": 12, "sparsity": 0.5},
        **{"search.candidates": 6, "search.first_epochs": 2, "search.round_epochs": 2},
    }

    def network(self):
        return Tagger()

    def losses(self, network, epoch):  # batches come from epoch.generator, so that runs repeat
        for _ in range(self.steps_per_epoch):
            bits = torch.randint(2, (32, 50), generator=epoch.generator)
            yield cross_entropy(network(one_hot(bits)).flatten(0, 1), (bits.cumsum(1) % 2).flatten())

    def evaluate(self, network, part):
        bits = torch.randint(2, (64, 50), generator=torch.Generator().manual_seed(len(part)))
        return (network(one_hot(bits)).argmax(-1) == bits.cumsum(1) % 2).float().mean()

    def spectrum_inputs(self, batch, steps):
        return one_hot(torch.randint(2, (batch, steps), generator=torch.Generator().manual_seed(1)))


def one_hot(bits: torch.Tensor) -> torch.Tensor:
    return nn.functional.one_hot(bits, 2).float()


def main(out: str) -> None:
    result = run(for_task(Parity), out)
    best = result.finalists[0]
    print(f"dense {result.dense.final.test_score:.3f}, candidate {best.number} {best.final.test_score:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
