"""Structured sparsity for benchmarks/inference.py: a masked LSTM beside the smaller one that it becomes."""

import torch
from torch import Tensor, nn
from torch.optim import SGD

from hyperprune.export.check import difference
from hyperprune.export.smaller import without_dead_units
from hyperprune.export.subject import subject_of
from hyperprune.inference import engine_for
from hyperprune.inference.kernels import Kernels
from hyperprune.inference.layouts import DENSE
from hyperprune.inference.pack import pack
from hyperprune.sparsity import SparseTraining
from inference_actions import Action, stepping

STEPS, LAYERS, OUTPUTS = 35, 2, 64


class Reader(nn.Module):
    """Two LSTM layers and the linear layer that reads them."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.recurrent, self.out = nn.LSTM(units, units, LAYERS), nn.Linear(units, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs ``(time, batch, outputs)``."""
        return self.out(self.recurrent(x)[0])


def unit_actions(units: int, density: float) -> tuple[dict[str, tuple[Action, int]], dict[str, float]]:
    """Both networks on torch, a window a call, and on the kernels, a step a call; and how they differ.

    Returns:
        What is measured, and how many steps a call takes; units left, and the largest difference of the
        outputs as a share of the largest.
    """
    torch.manual_seed(0)
    network = Reader(units).eval()
    SparseTraining(
        network,
        SGD(network.parameters(), lr=0.1),
        density=density,
        pattern="units",
        criterion="magnitude",
        death_rate=0.0,
        total_steps=1,
    )
    window = torch.randn(STEPS, 1, units)
    subject = subject_of(network, inputs=window)
    smaller, traced = without_dead_units(subject, subject.traced())
    assert type(smaller.network.recurrent) is nn.LSTM, "no plain LSTM came out"
    masked, cut = subject.plain(subject.traced()), smaller.plain(traced)
    with torch.no_grad():
        apart = difference(smaller.network(window), network(window))
    dense = Kernels(pack(masked, layout=DENSE).data)
    return (
        {
            "masked, nn.LSTM": (_forward(network, window), STEPS),
            "smaller, nn.LSTM": (_forward(smaller.network, window), STEPS),
            "masked, C dense": (stepping(dense, masked, window[:1]), 1),
            "smaller, C": (stepping(engine_for(cut)[0], cut, window[:1]), 1),
        },
        {"units": cut.units[0], "difference": apart},
    )


def _forward(network: nn.Module, window: Tensor) -> Action:
    @torch.no_grad()
    def run() -> object:
        return network(window)

    return run
