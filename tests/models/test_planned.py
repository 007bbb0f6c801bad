"""A plan has the shapes of the network, takes no memory and draws nothing."""

import subprocess
import sys

import pytest
import torch

from hyperprune.models import MODELS, build, planned


@pytest.mark.parametrize("kind", list(MODELS))
def test_a_plan_has_the_shapes_of_the_network(kind: str) -> None:
    config = MODELS[kind]()
    before = torch.get_rng_state()
    plan = planned(config, 50)
    assert torch.equal(torch.get_rng_state(), before)
    assert {tensor.device.type for tensor in plan.state_dict().values()} == {"meta"}
    network = build(config, 50)
    shapes = {name: (value.shape, value.dtype) for name, value in network.state_dict().items()}
    assert {name: (value.shape, value.dtype) for name, value in plan.state_dict().items()} == shapes
    assert isinstance(plan, type(network))


@pytest.mark.parametrize("kind", list(MODELS))
def test_a_plan_is_as_large_as_it_likes(kind: str) -> None:
    assert sum(weight.numel() for weight in planned(MODELS[kind](), 10**11).parameters()) > 10**12


def test_plans_do_not_load_the_compiler() -> None:
    code = (
        "import sys\nfrom hyperprune.models import MODELS, planned\n"
        "for kind in MODELS: planned(MODELS[kind](), 50)\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
