"""What gradual pruning is worth in ``hyperprune.prune``, beside pruning at once, on the task digits.

    python benchmarks/prune_gradually.py [--seeds 3]

A dense network of each seed is trained for 30 epochs and pruned both ways from the same weights, with the
same epochs, rate and teacher. The table has the error rate of the test part, the mean over seeds. A minute
on one core.
"""

import argparse
import itertools
from statistics import fmean

import torch
from torch import nn

import hyperprune
from hyperprune.tasks.digits import Digits

SPARSITIES, EPOCHS = (0.8, 0.9, 0.95), (5, 10)
RATE, CLIP, DENSE_EPOCHS = 0.005, 1.0, 30


def dense(task: Digits, seed: int) -> nn.Module:
    """A trained network."""
    torch.manual_seed(seed)
    network = task.network()
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    for epoch in range(1, DENSE_EPOCHS + 1):
        network.train()
        for loss, *_ in task.losses(network, hyperprune.Epoch(epoch, seed)):
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
    return network.eval()


def main() -> None:
    """Prune and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    torch.set_num_threads(1)
    task = Digits()
    networks = [dense(task, seed) for seed in seeds]
    error = fmean(task.evaluate(network, "test") for network in networks)
    print(f"dense: {error:.3f}\n")
    print("| sparsity | epochs | at once | gradually | seeds in which gradually is better |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for sparsity, epochs in itertools.product(SPARSITIES, EPOCHS):
        found = {
            schedule: [
                task.evaluate(
                    hyperprune.prune(
                        network,
                        losses=task.losses,
                        evaluate=lambda pruned: task.evaluate(pruned, "valid"),
                        sparsity=sparsity,
                        epochs=epochs,
                        learning_rate=RATE,
                        density_schedule=schedule,
                        seed=seed,
                    ),
                    "test",
                )
                for seed, network in zip(seeds, networks, strict=True)
            ]
            for schedule in ("constant", "gradual")
        }
        better = sum(a > b for a, b in zip(found["constant"], found["gradual"], strict=True))
        cells = (
            f"{fmean(found['constant']):.3f}",
            f"{fmean(found['gradual']):.3f}",
            f"{better} of {len(seeds)}",
        )
        print(f"| {sparsity} | {epochs} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
