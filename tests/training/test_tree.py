import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.training.stored.nested_state import join, pack, split, unpack


def test_a_nest_survives_json_and_back() -> None:
    tree = {
        "state": {0: {"momentum": torch.arange(3.0), "step": 7, "none": None}, 1: {}},
        "groups": [{"lr": 0.1, "params": [0, 1], "flag": True}],
    }
    tensors, document = split(tree, "optim")
    assert list(tensors) == ["optim.state.0.momentum"]
    back = join(tensors, json.loads(json.dumps(document)))
    assert torch.equal(back["state"][0].pop("momentum"), tree["state"][0].pop("momentum"))
    assert back == tree


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match=r"optim\.x is a set"):
        split({"x": {1}}, "optim")


@given(st.lists(st.integers(0, 5), max_size=3), st.integers(0, 2**31))
def test_packed_masks_come_back(shape: list[int], seed: int) -> None:
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.5
    bits = pack(mask)
    assert bits.shape == (-(-mask.numel() // 8),)
    assert torch.equal(unpack(bits, mask.shape), mask)
