"""A user's own cells and step functions."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.layers.automatic import GenericLinearization


class LeakyCell:
    """s' = (1 - a) s + a tanh(W s + V x), with the second half of the state a trace of the first."""

    def __init__(self, features: int, size: int) -> None:
        self.hidden_size, self.state_size = size, 2 * size
        self.inner = (torch.randn(size, size) / size**0.5).double()
        self.outer = torch.randn(size, features).double()

    def step(self, state: Tensor, x: Tensor) -> Tensor:
        hidden, trace = state.chunk(2, dim=1)
        hidden = 0.6 * hidden + 0.4 * torch.tanh(hidden @ self.inner.mT + x @ self.outer.mT + 0.1 * trace)
        return torch.cat([hidden, 0.9 * trace + 0.1 * hidden], dim=1)


class LeakyCellWithJacobian(LeakyCell):
    """The same with its own derivative."""

    def jacobian(self, state: Tensor, x: Tensor) -> Tensor:
        hidden, trace = state.chunk(2, dim=1)
        slope = 1 - torch.tanh(hidden @ self.inner.mT + x @ self.outer.mT + 0.1 * trace).square()
        eye = torch.eye(self.hidden_size, dtype=state.dtype).expand(len(state), -1, -1)
        by_hidden = 0.6 * eye + 0.4 * slope[:, :, None] * self.inner
        by_trace = 0.04 * slope[:, :, None] * eye
        above = torch.cat([by_hidden, by_trace], dim=2)
        below = torch.cat([0.1 * by_hidden, 0.9 * eye + 0.1 * by_trace], dim=2)
        return torch.cat([above, below], dim=1)


@pytest.mark.parametrize("state", ["hidden", "full"])
@pytest.mark.parametrize("direction", ["forward", "adjoint"])
def test_own_jacobian_and_torch_func_agree_in_a_stack(state: str, direction: str) -> None:
    own = [LeakyCellWithJacobian(4, 6), nn.LSTM(6, 5).double(), LeakyCellWithJacobian(5, 3)]
    inputs = torch.randn(20, 3, 4).double()
    options = {"state": state, "direction": direction, "warmup": 3}
    by_cell = lyapunov.spectrum(own, inputs, **options)
    by_torch = lyapunov.spectrum(own, inputs, jacobian="automatic", **options)
    whole = lyapunov.spectrum(own, inputs, layerwise=False, **options)
    assert by_cell.layer_sizes == ((6, 5, 3) if state == "hidden" else (12, 10, 6))
    torch.testing.assert_close(by_cell.exponents, by_torch.exponents, atol=1e-10, rtol=0)
    torch.testing.assert_close(by_cell.exponents, whole.exponents, atol=1e-9, rtol=0)


@pytest.mark.parametrize("direction", ["forward", "adjoint"])
def test_few_columns_of_a_large_state_use_products_and_agree(direction: str) -> None:
    weight = (torch.randn(150, 150) / 150**0.5).double()
    inputs = torch.randn(25, 3, 150).double()

    def step(state: Tensor, x: Tensor) -> Tensor:
        return torch.tanh(state @ weight.mT + x)

    start = torch.zeros(3, 150).double()
    few = lyapunov.spectrum(step, inputs, initial_state=start, k=7, direction=direction)
    full = lyapunov.spectrum(step, inputs, initial_state=start, direction=direction)
    torch.testing.assert_close(few.exponents, full.leading(7).exponents, atol=1e-10, rtol=0)


def test_few_columns_make_no_whole_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Tensor:
        raise AssertionError("a whole Jacobian was made")

    monkeypatch.setattr(GenericLinearization, "operator", refuse)
    start = torch.zeros(2, 200)
    found = lyapunov.spectrum(
        lambda s, x: torch.sin(2 * s + x), torch.randn(5, 2, 200), initial_state=start, k=3
    )
    assert found.exponents.shape == (2, 3)


class Squash(torch.autograd.Function):
    """tanh with a derivative by hand, and as such functions often are: without one for forward mode."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.tanh()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> Tensor:
        (squashed,) = ctx.saved_tensors
        return above * (1 - squashed.square())


class BackwardCell:
    """s' = tanh(W s + V x), differentiated backwards only or not."""

    def __init__(self, features: int, size: int, squash: Callable[[Tensor], Tensor]) -> None:
        self.hidden_size = self.state_size = size
        drawn = torch.Generator().manual_seed(size)
        self.inner = (torch.randn(size, size, generator=drawn) / size**0.5).double()
        self.outer = torch.randn(size, features, generator=drawn).double()
        self.squash = squash

    def step(self, state: Tensor, x: Tensor) -> Tensor:
        return self.squash(state @ self.inner.mT + x @ self.outer.mT)


class BackwardCellWithJacobian(BackwardCell):
    """The same with its own derivative by the state, so that only those by the input are torch's."""

    def jacobian(self, state: Tensor, x: Tensor) -> Tensor:
        slope: Tensor = 1 - (state @ self.inner.mT + x @ self.outer.mT).tanh().square()
        return slope[:, :, None] * self.inner


def test_a_step_without_forward_derivative_falls_back_to_the_backward_one() -> None:
    inputs, start = torch.randn(8, 2, 3).double(), torch.rand(2, 80).double()
    cells = [BackwardCell(3, 80, squash) for squash in (Squash.apply, torch.tanh)]
    with pytest.raises(NotImplementedError):
        torch.func.jvp(lambda state: cells[0].step(state, inputs[0]), (start,), (start,))
    for k in (None, 4):
        found, expected = (lyapunov.spectrum(c.step, inputs, initial_state=start, k=k) for c in cells)
        torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-9, rtol=0)


@pytest.mark.parametrize("kind", [BackwardCell, BackwardCellWithJacobian])
def test_derivatives_by_an_input_fall_back_too(kind: type[BackwardCell]) -> None:
    """Of layers above the first; on a card, torch's own cells inside a step have no forward mode either."""
    torch.manual_seed(0)
    below, inputs = nn.GRU(3, 5).double(), torch.randn(9, 2, 3).double()
    found, expected = (
        lyapunov.spectrum([below, kind(5, 4, squash)], inputs, layerwise=False)
        for squash in (Squash.apply, torch.tanh)
    )
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-9, rtol=0)


def test_a_step_that_looks_at_its_numbers_is_differentiated_step_by_step() -> None:
    def looking(state: Tensor, x: Tensor) -> Tensor:
        return 0.5 * state if float(x.sum()) > 0 else 0.25 * state

    inputs = torch.tensor([1.0, -1.0, 1.0, 1.0]).double()[:, None, None].expand(4, 2, 1)
    found = lyapunov.spectrum(looking, inputs, initial_state=torch.rand(2, 3).double())
    expected = (3 * math.log(0.5) + math.log(0.25)) / 4
    torch.testing.assert_close(found.mean, torch.full((3,), expected).double())


def test_an_error_of_the_step_itself_comes_through() -> None:
    with pytest.raises(RuntimeError, match="shape"):
        lyapunov.spectrum(
            lambda s, x: s @ torch.zeros(7, 7), torch.zeros(3, 1, 2), initial_state=torch.zeros(1, 2)
        )


def test_functions_of_the_state_alone_and_of_structured_inputs() -> None:
    start = torch.rand(4, 2).double()
    alone = lyapunov.spectrum(lambda s: 0.5 * s, initial_state=start, steps=5)
    ignoring = lyapunov.spectrum(lambda s, x: 0.5 * s, None, initial_state=start, steps=5)
    assert torch.equal(alone.exponents, ignoring.exponents)
    inputs = torch.rand(6, 4).double()  # one number a step, no feature dimension
    scaled = lyapunov.spectrum(lambda s, x: x[:, None] * s, inputs, initial_state=start)
    torch.testing.assert_close(scaled.exponents, inputs.log().mean(dim=0)[:, None].expand(4, 2))


def test_module_without_input_runs_on_its_biases() -> None:
    module, start = nn.LSTM(3, 4).double(), torch.rand(2, 8).double()
    without = lyapunov.spectrum(module, None, steps=6, initial_state=start)
    zeros = lyapunov.spectrum(module, torch.zeros(6, 2, 3).double(), initial_state=start)
    torch.testing.assert_close(without.exponents, zeros.exponents)


@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("k", [None, 2])
def test_a_cell_s_own_tensors_are_never_written_to(direction: str, k: int | None) -> None:
    class Linear:
        def __init__(self) -> None:
            self.state_size, self.matrix = 6, torch.randn(1, 6, 6).double()

        def step(self, state: Tensor, x: Tensor) -> Tensor:
            return state @ self.matrix[0].mT + x

        def jacobian(self, state: Tensor, x: Tensor) -> Tensor:
            return self.matrix  # a constant, the same memory at every step

    cell = Linear()
    before = cell.matrix.clone()
    found = lyapunov.spectrum(cell, torch.zeros(300, 1, 6).double(), direction=direction, k=k)
    assert torch.equal(cell.matrix, before)
    expected = torch.linalg.eigvals(before[0]).abs().log().max()
    # the first column turns with a complex pair, or settles: within its mean's 1 / steps
    assert found.largest == pytest.approx(float(expected), abs=0.02)


def test_a_jacobian_of_the_wrong_shape_is_refused() -> None:
    cell = LeakyCell(4, 6)
    cell.jacobian = lambda state, x: torch.zeros(6, 6)  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="jacobian"):
        lyapunov.spectrum(cell, torch.randn(5, 2, 4).double())


def test_whole_state_of_a_stack_needs_vectors_between_the_layers() -> None:
    def of_a_number(state: Tensor, x: Tensor) -> Tensor:
        return torch.tanh(state + x[:, None])

    inputs, start = torch.randn(5, 2), [torch.zeros(2, 3), torch.zeros(2, 3)]
    above = [of_a_number, lambda state, x: torch.tanh(state + x)]
    assert lyapunov.spectrum(above, inputs, initial_state=start, layerwise=False).layer_sizes == (3, 3)


def test_structure_alone_makes_a_cell() -> None:
    assert isinstance(LeakyCell(4, 6), lyapunov.Cell)
    assert not isinstance(nn.LSTM(3, 4), lyapunov.Cell)


class ChainCell(LeakyCell):
    """Two maps in a row, its Jacobian given as two factors."""

    def __init__(self, features: int, size: int) -> None:
        super().__init__(features, size)
        self.hidden_size = self.state_size = size
        self.asked = 0

    def step(self, state: Tensor, x: Tensor) -> Tensor:
        return torch.sin(torch.tanh(state @ self.inner.mT + x @ self.outer.mT) @ self.inner.mT)

    def jacobian_factors(self, state: Tensor, x: Tensor) -> list[Tensor]:
        self.asked += 1
        first = torch.tanh(state @ self.inner.mT + x @ self.outer.mT)
        slopes = 1 - first.square(), torch.cos(first @ self.inner.mT)
        return [slope[:, :, None] * self.inner for slope in slopes]


@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("k", [None, 2])
def test_a_chain_is_followed_factor_by_factor(direction: str, k: int | None) -> None:
    cell, inputs = ChainCell(4, 8), torch.randn(12, 3, 4).double()
    options = {"direction": direction, "k": k, "warmup": 2}
    found = lyapunov.spectrum(cell, inputs, **options)
    expected = lyapunov.spectrum(cell, inputs, jacobian="automatic", **options)
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-10, rtol=0)
    assert cell.asked == 12  # once a step, not once a sequence; automatic derivatives don't ask
    mask = torch.ones(12, 3).bool()
    mask[4:6, 1] = False
    ragged = lyapunov.spectrum(cell, inputs, mask=mask, **options)
    torch.testing.assert_close(ragged.exponents[[0, 2]], found.exponents[[0, 2]], atol=1e-10, rtol=0)


def test_factors_make_no_whole_jacobian_for_few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Tensor:
        raise AssertionError("a whole Jacobian was made")

    monkeypatch.setattr(GenericLinearization, "operator", refuse)
    found = lyapunov.spectrum(ChainCell(4, 8), torch.randn(6, 3, 4).double(), k=3)
    assert found.exponents.shape == (3, 3)


def test_the_hidden_part_is_asked_for_where_it_is_enough() -> None:
    class Partial(LeakyCellWithJacobian):
        def hidden_jacobian(self, state: Tensor, x: Tensor) -> Tensor:
            self.partly = True
            return super().jacobian(state, x)[:, : self.hidden_size, : self.hidden_size]

        def jacobian(self, state: Tensor, x: Tensor) -> Tensor:
            self.wholly = True
            return super().jacobian(state, x)

    for state, asked in (("hidden", {"partly"}), ("full", {"wholly"})):
        cell, inputs = Partial(4, 6), torch.randn(9, 2, 4).double()
        found = lyapunov.spectrum(cell, inputs, state=state)
        expected = lyapunov.spectrum(cell, inputs, state=state, jacobian="automatic")
        torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-10, rtol=0)
        assert {"partly", "wholly"} & vars(cell).keys() == asked


@pytest.mark.parametrize("name", ["jacobian", "hidden_jacobian", "jacobian_factors"])
def test_every_derivative_of_the_wrong_shape_is_named(name: str) -> None:
    cell = LeakyCell(4, 6)
    if name == "jacobian_factors":
        cell.hidden_size = cell.state_size
    wrong = torch.zeros(3, 5, 5).double()
    setattr(cell, name, lambda state, x: [wrong] if name == "jacobian_factors" else wrong)
    with pytest.raises(ConfigurationError, match=rf"^{name}\(state, x\) must give"):
        lyapunov.spectrum(cell, torch.randn(5, 2, 4).double(), state="hidden")


def test_a_module_is_cast_for_the_type_asked_for_and_keeps_its_own() -> None:
    class Tanh(nn.Module):
        state_size = 5

        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(5, 5)

        def step(self, state: Tensor, x: Tensor) -> Tensor:
            return torch.tanh(self.inner(state) + x)

    cell, inputs = Tanh(), torch.randn(6, 2, 5)
    found = lyapunov.spectrum(cell, inputs, dtype=torch.float64)
    assert cell.inner.weight.dtype == torch.float32
    expected = lyapunov.spectrum(cell.double(), inputs.double())
    assert torch.equal(found.exponents, expected.exponents)
