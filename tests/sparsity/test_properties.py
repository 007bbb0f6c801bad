"""The number of live weights is exact whatever the shapes, the density, the rules and the gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim import SGD

from hyperprune.sparsity import DEATH, GROWTH, REDISTRIBUTION, SPARSE_INIT, SparseTraining

SHAPES = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 6), st.integers(2, 6)),  # one entry would be a scale
        st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 3)),
    ),
    min_size=1,
    max_size=4,
)
RATES = st.one_of(st.floats(0.01, 0.9), st.sampled_from([0.5, 0.99, 0.999999, math.nextafter(1, 0)]))


def _model(shapes: list[tuple[int, ...]], generator: torch.Generator, tied_values: bool) -> nn.ParameterDict:
    def values(shape: tuple[int, ...]) -> torch.Tensor:
        drawn = torch.randn(shape, generator=generator)
        return drawn.round() if tied_values else drawn  # rounded: many ties and exact zeros

    return nn.ParameterDict({f"m{i}": nn.Parameter(values(shape)) for i, shape in enumerate(shapes)})


def _give_gradients(model: nn.ParameterDict, generator: torch.Generator, tied_values: bool) -> None:
    for parameter in model.parameters():
        drawn = torch.randn(parameter.shape, generator=generator)
        parameter.grad = drawn.round() if tied_values else drawn


@settings(max_examples=30, deadline=None)
@given(
    shapes=SHAPES,
    target=st.floats(0, 1),
    rate=RATES,
    sparse_init=st.sampled_from(list(SPARSE_INIT)),
    death=st.sampled_from(list(DEATH)),
    growth=st.sampled_from(list(GROWTH)),
    redistribution=st.sampled_from(list(REDISTRIBUTION)),
    tied_values=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_the_count_is_exact_through_200_random_updates(
    shapes: list[tuple[int, ...]],
    target: float,
    rate: float,
    sparse_init: str,
    death: str,
    growth: str,
    redistribution: str,
    tied_values: bool,
    seed: int,
) -> None:
    size = sum(math.prod(shape) for shape in shapes)
    if size == 0:
        shapes, size = [*shapes, (2, 2)], 4
    live = max(1, round(target * size))  # from one weight to all
    generator = torch.Generator().manual_seed(seed)
    model = _model(shapes, generator, tied_values)
    sparse = SparseTraining(
        model,
        SGD(model.parameters(), lr=0.1, momentum=0.9),
        density=live / size,
        sparse_init=sparse_init,
        death=death,
        growth=growth,
        redistribution=redistribution,
        death_rate=rate,
        generator=generator,
        update_interval=1,
    )
    updates = 0
    while updates < 200:
        _give_gradients(model, generator, tied_values)
        sparse.step()
        updates += sparse.steps > 1
        counts = {name: int(mask.sum()) for name, mask in sparse.masks.items()}
        assert sum(counts.values()) == live == sparse.live()
        assert all(not model[name][~mask].any() for name, mask in sparse.masks.items())
    assert {name: mask.shape for name, mask in sparse.masks.items()} == {n: p.shape for n, p in model.items()}


@pytest.mark.parametrize("redistribution", REDISTRIBUTION)
@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("death", DEATH)
@pytest.mark.parametrize("sparse_init", SPARSE_INIT)
def test_the_full_cross_product_works(sparse_init: str, death: str, growth: str, redistribution: str) -> None:
    generator = torch.Generator().manual_seed(0)
    model = _model([(6, 5), (3, 7), (2, 3, 4)], generator, False)
    sparse = SparseTraining(
        model,
        SGD(model.parameters(), lr=0.1, momentum=0.9),
        density=0.4,
        sparse_init=sparse_init,
        death=death,
        growth=growth,
        redistribution=redistribution,
        death_rate=0.6,
        update_interval=2,
        total_steps=20,
        generator=generator,
    )
    first = {name: mask.clone() for name, mask in sparse.masks.items()}
    for _ in range(20):
        _give_gradients(model, generator, False)
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live() == 30
    assert any(not torch.equal(first[name], mask) for name, mask in sparse.masks.items())
