"""A step of the small LSTM beside the calls into torch that it is made of, written one after another by hand.

    python benchmarks/step_floor.py [--rounds 100] [--clock wall]

Both sides train `ptb-lstm-small` on the same random tokens with the same kernels and end with the same
weights, which is checked. Ours is what a training runs: windows, modules, loss, clipping, hooks of sparse
training, torch's optimiser. The other side knows that there are two layers, dropout, no penalties and no
topology update, and calls nothing else. So the ratio is the most that less Python around the same kernels
could bring. Both take turns in one process.
"""

import argparse
from collections.abc import Callable

import torch
from torch import _VF, Tensor, nn

from hyperprune.models import ModelConfig
from hyperprune.models.decoding.softmax_loss import softmax_loss
from hyperprune.optim import build
from hyperprune.search.config.presets import preset
from hyperprune.sparsity import SparseTraining
from hyperprune.sparsity.optimizers.clip import clip_all
from hyperprune.tasks.meter import Meter
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.text.language_batches import batches
from timing import CLOCKS, alternate

WINDOWS, DENSITY, FOR_EVER = 10, 0.33, 10**9
KEYS = ("batch", "bptt", "clip", "learning_rate")


class Side:
    """A network, its optimiser and its masks; both sides start alike.

    Args:
        sparse: whether weights are masked.
    """

    def __init__(self, sparse: bool) -> None:
        tables = preset("ptb-lstm-small")
        self.recipe = Recipe(**{key: tables["recipe"][key] for key in KEYS})
        types = tables["corpus"]["max_vocabulary"]
        torch.manual_seed(0)
        self.text = torch.randint(types, (WINDOWS * self.recipe.bptt + 1, self.recipe.batch))
        self.network: nn.Module = ModelConfig.model_validate(tables["model"]).build(types).train()
        self.parameters = list(self.network.parameters())
        self.optimizer = build("sgd", self.network, lr=self.recipe.learning_rate)
        self.sparse = None
        if sparse:
            self.sparse = SparseTraining(
                self.network,
                self.optimizer,
                density=DENSITY,
                sparse_init="er",
                total_steps=FOR_EVER,
                update_interval="epoch",
            )
            self.sparse.begin_epoch()


def ours(side: Side) -> Callable[[], None]:
    """Some windows as a training takes them."""

    def train() -> None:
        torch.manual_seed(1)
        meter = Meter()
        for batch in batches(side.network, side.text, side.recipe, torch.Generator()):
            loss = batch.backward()
            clip_all(side.parameters, side.recipe.clip)
            (side.sparse or side.optimizer).step()
            for parameter in side.parameters:
                parameter.grad = None
            meter.add(loss, batch.items)

    return train


def bare(side: Side) -> Callable[[], None]:
    """The same windows by hand."""
    network, recipe, parameters = side.network, side.recipe, side.parameters
    masks = {} if side.sparse is None else side.sparse.masks
    masked = [network.get_parameter(name) for name in masks]
    stencils = [mask.to(torch.float32) for mask in masks.values()]
    lstm, decoder, embedding = network.recurrent, network.decoder, network.embedding.weight
    dropout, weights = network.dropout.p, lstm._flat_weights

    def train() -> None:
        torch.manual_seed(1)
        h = c = torch.zeros(lstm.num_layers, recipe.batch, lstm.hidden_size)
        for start in range(0, len(side.text) - 1, recipe.bptt):
            window = side.text[start : start + recipe.bptt + 1]
            inputs = torch.dropout(torch.embedding(embedding, window[:-1]), dropout, True)
            choices = (True, lstm.num_layers, lstm.dropout, True, False, False)
            outputs, h, c = _VF.lstm(inputs, (h, c), weights, *choices)
            h, c = h.detach(), c.detach()
            flat = torch.dropout(outputs, dropout, True).flatten(0, 1)
            objective, loss = softmax_loss(flat, decoder.weight, decoder.bias, window[1:].flatten())
            torch.autograd.backward(objective)
            _update(parameters, masked, stencils, recipe)
            loss.item()

    return train


@torch.no_grad()
def _update(
    parameters: list[nn.Parameter], masked: list[nn.Parameter], stencils: list[Tensor], recipe: Recipe
) -> None:
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    if not norm.item() < recipe.clip:
        nn.utils.clip_grads_with_norm_(parameters, recipe.clip, norm)
    torch._foreach_add_(parameters, gradients, alpha=-recipe.learning_rate)
    if masked:
        torch._foreach_mul_(masked, stencils)
    for parameter in parameters:
        parameter.grad = None


def main() -> None:
    """Print both rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=100, help=f"of {WINDOWS} windows on each side")
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| step | by hand, ms | ours, ms | ours / by hand |")
    print("| --- | ---: | ---: | ---: |")
    for name, sparse in (("dense", False), ("sparse", True)):
        sides = Side(sparse), Side(sparse)
        by_hand, by_us, ratio = alternate(
            bare(sides[0]), ours(sides[1]), options.rounds, CLOCKS[options.clock]
        )
        for one, other in zip(sides[0].parameters, sides[1].parameters, strict=True):
            assert torch.equal(one, other), "the two sides have trained other networks"
        each = 1000 / WINDOWS
        print(f"| {name} | {by_hand * each:.2f} | {by_us * each:.2f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
