"""A few updates of the masks of a small network, the same whatever the device."""

import torch
from torch import nn
from torch.optim import SGD

from hyperprune.sparsity import SparseTraining


def updated(device: str, death: str, growth: str, redistribution: str) -> SparseTraining:
    """Weights and data in float64 are drawn on the CPU; eight steps, four of them with an update."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 8)).double().to(device)
    sparse = SparseTraining(
        model,
        SGD(model.parameters(), lr=0.1, momentum=0.9),
        density=0.3,
        sparse_init="er",
        death=death,
        growth=growth,
        redistribution=redistribution,
        death_rate=0.5,
        update_interval=2,
    )
    for step in range(8):
        data = torch.randn(4, 16, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        model.zero_grad()
        model(data.to(device)).square().mean().backward()
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
    return sparse
