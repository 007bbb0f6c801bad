"""Systems whose exponents are known. Tolerances are those of the known digits or of the averages' noise."""

import math

import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov


def uniform(shape: tuple[int, ...], low: float, high: float, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)


def henon(state: Tensor) -> Tensor:
    x, y = state.unbind(dim=-1)
    return torch.stack([1 - 1.4 * x * x + y, 0.3 * x], dim=-1)


def test_henon() -> None:
    # 4 million steps: the mean's error is about 0.0003
    found = lyapunov.spectrum(henon, initial_state=uniform((8000, 2), -0.1, 0.1), warmup=100, steps=500)
    assert found.mean.tolist() == pytest.approx([0.419, -1.623], abs=1e-3)
    sums = found.exponents.sum(dim=1)
    torch.testing.assert_close(sums, torch.full_like(sums, math.log(0.3)), atol=1e-12, rtol=0)
    assert found.kaplan_yorke_dimension == pytest.approx(1.258, abs=1e-3)
    assert found.entropy == pytest.approx(0.419, abs=1e-3)


def test_henon_s_small_exponent_wants_a_qr_at_every_step() -> None:
    start = uniform((2000, 2), -0.1, 0.1)
    each, fifth = (
        lyapunov.spectrum(henon, initial_state=start, warmup=100, steps=100, qr_interval=every)
        for every in (1, 5)
    )
    # in float64 five steps lose nothing here: e^(5 * 2) is far from 1e16
    torch.testing.assert_close(each.exponents, fifth.exponents, atol=1e-10, rtol=0)


def test_logistic_map() -> None:
    # the invariant density has 2 at its ends, where log|4 - 8x| is largest: noise of 2 million steps, 0.001
    def step(state: Tensor) -> Tensor:
        return 4 * state * (1 - state)

    found = lyapunov.spectrum(step, initial_state=uniform((10_000, 1), 0.05, 0.95), warmup=20, steps=200)
    assert found.largest == pytest.approx(math.log(2), abs=1e-3)


def test_lorenz() -> None:
    size = 0.02
    linear = torch.tensor([[-10, 10, 0], [28, -1, 0], [0, 0, -8 / 3]], dtype=torch.float64)
    bilinear = torch.tensor([[0, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=torch.float64)

    def field(state: Tensor) -> Tensor:
        return state @ linear.mT + state[:, :1] * (state @ bilinear.mT)

    def step(state: Tensor) -> Tensor:
        a = field(state)
        b = field(state + size / 2 * a)
        c = field(state + size / 2 * b)
        d = field(state + size * c)
        return state + size / 6 * (a + 2 * b + 2 * c + d)

    start = uniform((500, 3), -15, 15) + torch.tensor([0.0, 0.0, 25.0], dtype=torch.float64)
    for _ in range(1000):  # to the attractor; starts near the fixed points take long
        start = step(start)
    # Q takes about 10 time units to align
    found = lyapunov.spectrum(step, initial_state=start, warmup=500, steps=700, qr_interval=5)
    per_time = found.mean / size
    noise = found.std / size / len(start) ** 0.5
    assert noise[0] < 0.02
    difference = per_time - torch.tensor([0.906, 0.0, -14.57], dtype=torch.float64)
    assert (difference.abs() < 4 * noise + 0.003).all(), (per_time, noise)  # RK4 costs 0.002
    assert float(per_time.sum()) == pytest.approx(-41 / 3, abs=3e-3)  # the divergence; RK4 costs 0.002


def test_linear_map_with_real_eigenvalues() -> None:
    values = torch.tensor([2.0, -1.1, 0.7, 0.2], dtype=torch.float64)
    basis = torch.linalg.qr(uniform((4, 4), -1, 1))[0] + 0.3 * uniform((4, 4), -1, 1, 1)
    matrix = basis @ values.diag() @ torch.linalg.inv(basis)
    start = torch.zeros(1, 4).double()
    for direction in lyapunov.DIRECTIONS:
        found = lyapunov.spectrum(
            lambda s: s @ matrix.mT, initial_state=start, direction=direction, warmup=100, steps=10
        )
        # Q aligns like (1.1 / 2)^100
        torch.testing.assert_close(found.mean, values.abs().log(), atol=1e-10, rtol=0)


def test_linear_map_with_complex_eigenvalues() -> None:
    turn = torch.tensor([[0.3, -0.8, 0.1], [0.8, 0.3, 0.0], [0.2, 0.0, 0.4]], dtype=torch.float64)
    expected = torch.linalg.eigvals(turn).abs().log().sort(descending=True).values
    found = lyapunov.spectrum(lambda s: s @ turn.mT, initial_state=torch.zeros(1, 3).double(), steps=2000)
    # a pair of complex eigenvalues never settles: its share of each step's growth averages out like 1 / steps
    torch.testing.assert_close(found.mean, expected, atol=1e-3, rtol=0)


def test_orthogonal_recurrence_has_exponents_zero() -> None:
    matrix = torch.linalg.qr(uniform((20, 20), -1, 1))[0]
    inputs = uniform((50, 2, 20), -1, 1)
    found = lyapunov.spectrum(
        lambda s, x: s @ matrix.mT + x, inputs, initial_state=torch.zeros(2, 20).double()
    )
    assert found.exponents.abs().max() < 1e-13
    relu = nn.RNN(20, 20, nonlinearity="relu").double()
    with torch.no_grad():
        relu.weight_hh_l0.copy_(torch.eye(20).roll(3, dims=1))  # keeps signs, so every unit stays positive
        relu.weight_ih_l0.zero_()
        relu.bias_ih_l0.fill_(2.0)
    assert lyapunov.spectrum(relu, inputs[:20], floor=None).exponents.abs().max() < 1e-13


@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("state", ["hidden", "full"])
def test_sum_is_the_mean_log_determinant(direction: str, state: str) -> None:
    module, inputs = nn.LSTM(4, 6).double(), uniform((25, 1, 4), -2, 2)
    found = lyapunov.spectrum(module, inputs, direction=direction, state=state, floor=None)
    size = 12 if state == "full" else 6
    total, h, c = 0.0, torch.zeros(1, 6).double(), torch.zeros(1, 6).double()
    cell = nn.LSTMCell(4, 6).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in module.state_dict().items()})
    for x in inputs:

        def step(value: Tensor, x: Tensor = x, c: Tensor = c) -> Tensor:
            memory = value[None, 6:] if size == 12 else c
            new = cell(x, (value[None, :6], memory))
            return torch.cat([part[0] for part in new])[:size]

        value = torch.cat([h, c], dim=1)[0, :size].detach()
        total += float(torch.linalg.slogdet(torch.func.jacrev(step)(value).detach())[1])
        h, c = (part.detach() for part in cell(x, (h, c)))
    assert float(found.mean.sum()) == pytest.approx(total / len(inputs), abs=1e-11)


@pytest.mark.parametrize("make", [nn.RNN, nn.GRU, nn.LSTM])
def test_sums_of_both_directions_are_equal(make: type[nn.Module]) -> None:
    module, inputs = make(4, 9, 2).double(), uniform((40, 3, 4), -1, 1)
    forward, adjoint = (
        lyapunov.spectrum(module, inputs, direction=direction, floor=None)
        for direction in lyapunov.DIRECTIONS
    )
    torch.testing.assert_close(forward.exponents.sum(dim=1), adjoint.exponents.sum(dim=1), atol=1e-10, rtol=0)
    assert (forward.exponents - adjoint.exponents).abs().max() > 1e-3


def test_period_three_input_tells_adjoint_from_forward() -> None:
    """The shortest counter-example: CBA and ABC (its transpose is the adjoint's) have other eigenvalues."""
    matrices = uniform((3, 2, 2), -2, 2, seed=3)
    a, b, c = matrices
    inputs = torch.eye(3).double().repeat(200, 1)[:, None, :]

    def step(state: Tensor, x: Tensor) -> Tensor:
        return torch.einsum("bk,kij,bj->bi", x, matrices, state)

    expected = {"forward": c @ b @ a, "adjoint": a @ b @ c}
    means = {}
    for direction, product in expected.items():
        found = lyapunov.spectrum(
            step, inputs, initial_state=torch.zeros(1, 2).double(), direction=direction, warmup=300
        )
        wanted = torch.linalg.eigvals(product).abs().log().sort(descending=True).values / 3
        means[direction] = found.mean
        torch.testing.assert_close(found.mean, wanted, atol=1e-9, rtol=0)
    assert (means["forward"] - means["adjoint"]).abs().max() > 0.05


def test_scaling_the_jacobian_adds_the_logarithm() -> None:
    module, inputs = nn.GRU(4, 6).double(), uniform((20, 2, 4), -1, 1)

    class Scaled:
        state_size = 6

        def __init__(self, factor: float) -> None:
            self.factor = factor

        def step(self, state: Tensor, x: Tensor) -> Tensor:
            return module(x[None], state[None])[1][0]

        def jacobian(self, state: Tensor, x: Tensor) -> Tensor:
            by_state = torch.func.jacrev(lambda value: self.step(value, x).sum(dim=0))(state)
            return self.factor * by_state.permute(1, 0, 2)

    one, scaled = (lyapunov.spectrum(Scaled(factor), inputs, floor=None) for factor in (1.0, 0.37))
    expected = lyapunov.spectrum(module, inputs, floor=None)
    torch.testing.assert_close(one.exponents, expected.exponents, atol=1e-10, rtol=0)
    torch.testing.assert_close(scaled.exponents, one.exponents + math.log(0.37), atol=1e-10, rtol=0)


def test_running_estimate_ends_at_the_exponents_and_starts_at_the_first_step() -> None:
    module, inputs = nn.LSTM(4, 6, 2).double(), uniform((30, 2, 4), -1, 1)
    found = lyapunov.spectrum(module, inputs, warmup=5, running=True, log_base=2)
    assert found.running is not None
    assert found.running.shape == (25, 2, 24)
    torch.testing.assert_close(found.running[-1], found.exponents)
    first = lyapunov.spectrum(module, inputs, warmup=5, steps=1, log_base=2)
    torch.testing.assert_close(found.running[0], first.exponents)


@pytest.mark.parametrize("every", [2, 5, 7])
def test_sparser_qr_keeps_the_large_exponents(every: int) -> None:
    module, inputs = nn.LSTM(8, 24, 2).double(), uniform((60, 2, 8), -1, 1)
    each = lyapunov.spectrum(module, inputs, state="hidden", warmup=10)
    sparse = lyapunov.spectrum(module, inputs, state="hidden", warmup=10, qr_interval=every)
    assert sparse.counts.tolist() == [50, 50]
    # 7 steps of spreads up to 3 nats: the products' condition is e^20, six digits are left
    torch.testing.assert_close(each.exponents, sparse.exponents, atol=1e-6, rtol=0)
