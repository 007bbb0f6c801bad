"""On a GPU: the same masks as on a CPU, and every rule runs there."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from hyperprune.sparsity import DEATH, GROWTH, REDISTRIBUTION, SparseTraining

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
]


def _train(device: str, death: str, growth: str, redistribution: str) -> SparseTraining:
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


@pytest.mark.parametrize("redistribution", REDISTRIBUTION)
@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("death", DEATH)
def test_masks_are_the_same_whatever_the_device(death: str, growth: str, redistribution: str) -> None:
    cpu, gpu = (_train(device, death, growth, redistribution) for device in ("cpu", "cuda"))
    for name, mask in cpu.masks.items():
        assert gpu.masks[name].device.type == "cuda"
        assert torch.equal(mask, gpu.masks[name].cpu())
