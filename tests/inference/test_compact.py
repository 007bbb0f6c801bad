"""Tensors in files: what is kept is what comes back, and takes no more than was promised."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_nets import block_mask

from hyperprune.errors import ExportError
from hyperprune.inference.compact import TensorRecord, check_sizes, compacted, unpacked
from hyperprune.inference.plain import Matrix
from hyperprune.inference.quantise import quantised, restored


def nbytes(tensors: dict[str, torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


@settings(max_examples=60, deadline=None)
@given(
    units=st.integers(1, 40),
    columns=st.integers(1, 40),
    gates=st.sampled_from([1, 3, 4]),
    density=st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0]),
    block=st.sampled_from([(1, 1), (16, 1), (8, 4)]),
    int8=st.booleans(),
)
def test_a_matrix_comes_back(
    units: int, columns: int, gates: int, density: float, block: tuple[int, int], int8: bool
) -> None:
    mask = block_mask(units * gates, columns, density, block, gates)
    matrix = Matrix.of(torch.randn(units * gates, columns) * mask, mask, gates)
    record, tensors = compacted("w", matrix, int8=int8)
    back = unpacked("w", record, tensors)
    expected = restored(*quantised(matrix.weight)) if int8 else matrix.weight
    assert torch.equal(back.weight, expected)
    assert record.live == int(mask.sum())


@pytest.mark.parametrize("block", [(1, 1), (16, 1), (8, 4)])
@pytest.mark.parametrize("density", [0.01, 0.05, 0.33, 0.9, 1.0])
@pytest.mark.parametrize("int8", [False, True])
def test_size_is_that_of_values_and_a_bit_a_block(block: tuple[int, int], density: float, int8: bool) -> None:
    gates, units, columns = 4, 200, 200
    mask = block_mask(gates * units, columns, density, block, gates)
    matrix = Matrix.of(torch.randn(gates * units, columns), mask, gates)
    _, tensors = compacted("w", matrix, int8=int8)
    blocks = gates * math.ceil(units / block[0]) * math.ceil(columns / block[1])
    scales = 4 * gates * units if int8 else 0
    promised = int(mask.sum()) * (1 if int8 else 4) + blocks / 8 + scales
    assert nbytes(tensors) <= 1.02 * promised + 8  # a bit a block is rounded up to bytes


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"shape": (3,)}, "must be a matrix"),
        ({"shape": (0, 5)}, "must be a matrix"),
        ({"shape": (49, 30)}, "whole gates"),
        ({"shape": (48, 31)}, "bits"),
        ({"block": (2, 2)}, "must have blocks"),
        ({"gates": 5}, "whole gates"),
        ({"layout": "dense"}, "w must be there"),
        ({"layout": "columns"}, "w:counts"),
        ({"int8": True}, "w:values"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(change: dict[str, object], what: str) -> None:
    mask = block_mask(48, 30, 0.3, (1, 1), 4)
    record, tensors = compacted("w", Matrix.of(torch.randn(48, 30), mask, 4))
    assert record.layout == "bits"
    with pytest.raises(ExportError, match=what):
        unpacked("w", record.model_copy(update=change), tensors)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("w:columns", 480, "out of range"),
        ("w:counts", -1, "out of range"),
        ("w:counts", 481, "out of range"),
    ],
)
def test_an_index_out_of_range_is_refused(name: str, value: int, what: str) -> None:
    mask = block_mask(48, 480, 0.01, (1, 1), 4)
    record, tensors = compacted("w", Matrix.of(torch.randn(48, 480), mask, 4))
    assert record.layout == "columns"
    changed = tensors[name].clone().long()
    changed[0] = value
    with pytest.raises(ExportError, match=what):
        unpacked("w", record, {**tensors, name: changed.to(tensors[name].dtype)})


def test_a_block_that_is_named_twice_is_refused() -> None:
    mask = torch.zeros(16, 480, dtype=torch.bool)
    mask[:, :2] = True
    record, tensors = compacted("w", Matrix.of(torch.randn(16, 480), mask))
    assert record.layout == "columns"
    columns = tensors["w:columns"].long()
    columns[1] = columns[0]
    with pytest.raises(ExportError, match="twice"):
        unpacked("w", record, {**tensors, "w:columns": columns.to(torch.uint16)})


def test_huge_declared_sizes_are_refused_before_memory_is_taken() -> None:
    record = TensorRecord(shape=(1 << 24, 1 << 20), layout="columns", live=3)
    with pytest.raises(ExportError, match="more than a file"):
        check_sizes({"w": record}, 10_000)


def test_many_tensors_that_are_huge_together_are_refused() -> None:
    records = {f"w{number}": TensorRecord(shape=(1000, 1000), layout="columns") for number in range(100)}
    with pytest.raises(ExportError, match="more than a file"):
        check_sizes(records, 10_000)
