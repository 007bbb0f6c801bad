"""On a GPU: the same masks as on a CPU, and every rule runs there."""

import pytest
import torch
from small_updates import updated

from hyperprune.sparsity import DEATH, GROWTH, REDISTRIBUTION

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
]


@pytest.mark.parametrize("redistribution", REDISTRIBUTION)
@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("death", DEATH)
def test_masks_are_the_same_whatever_the_device(death: str, growth: str, redistribution: str) -> None:
    cpu, gpu = (updated(device, death, growth, redistribution) for device in ("cpu", "cuda"))
    for name, mask in cpu.masks.items():
        assert gpu.masks[name].device.type == "cuda"
        assert torch.equal(mask, gpu.masks[name].cpu())
