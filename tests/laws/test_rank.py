"""Directions that zeros kill: how many, and the exponents of the others, against exact eigenvalues."""

import warnings

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.lyapunov.structure import components

Matrix = NDArray[np.float64]


def network(matrix: Tensor, dtype: torch.dtype = torch.float64) -> nn.RNN:
    """An RNN whose state stays at zero without inputs, so that its Jacobian is ``matrix`` at every step."""
    module = nn.RNN(1, len(matrix), bias=False).to(dtype)
    with torch.no_grad():
        module.weight_hh_l0.copy_(matrix)
    return module


def still(steps: int, batch: int = 1) -> Tensor:
    return torch.zeros(steps, batch, 1, dtype=torch.float64)


def exact_logarithms(matrix: Matrix) -> list[float]:
    """Logarithms of the nonzero eigenvalues, falling, from 100 digits.

    The zero eigenvalues of a nilpotent part come out as roots of rounding, 100 digits to the power of one
    over its length: far below what is kept.
    """
    with mpmath.workdps(200):
        found = mpmath.eig(mpmath.matrix(matrix.tolist()), left=False, right=False)
        logs = [float(mpmath.log(abs(value))) for value in found if value != 0]
    return sorted((value for value in logs if value > -12), reverse=True)


def sparse(size: int, density: float, seed: int) -> Matrix:
    chance = np.random.default_rng(seed)
    return (chance.random((size, size)) < density) * chance.standard_normal((size, size))


def test_a_dead_unit_between_two_live_ones_is_counted_and_the_same_in_both_types() -> None:
    """W of the report: one self-loop, a unit without inputs, one fed by both: -0.22 and twice the floor."""
    matrix = torch.tensor([[0.8, 0, 0], [0, 0, 0], [1.4, 0.4, 0]])
    for dtype in (torch.float32, torch.float64):
        for direction in lyapunov.DIRECTIONS:
            found = lyapunov.spectrum(
                network(matrix, dtype), still(100).to(dtype), warmup=60, direction=direction
            )
            assert found.mean.tolist() == pytest.approx([float(np.log(0.8)), -16, -16], abs=1e-7)
            assert found.dead.tolist() == [False, True, True]
            assert found.clamped.tolist() == [[0, 40, 40]]


@pytest.mark.parametrize("size", [4, 8, 16, 32])
@pytest.mark.parametrize("seed", range(6))
def test_random_sparse_maps_have_the_exponents_of_their_eigenvalues(size: int, seed: int) -> None:
    matrix = sparse(size, 1.6 / size, seed)
    expected = exact_logarithms(matrix)
    for direction in lyapunov.DIRECTIONS:
        found = lyapunov.spectrum(network(torch.tensor(matrix)), still(1000), direction=direction)
        assert int(found.dead.sum()) == size - len(expected)
        live = found.mean[: len(expected)].sort(descending=True).values
        # a thousand steps: pairs of one modulus and the first steps leave one in a hundred
        torch.testing.assert_close(live, torch.tensor(expected).double(), atol=0.01, rtol=0)
        assert (found.mean[len(expected) :] == -16).all()


@pytest.mark.parametrize("seed", range(4))
def test_nilpotent_maps_have_no_live_direction(seed: int) -> None:
    size = 12
    order = np.random.default_rng(seed).permutation(size)
    matrix = torch.tensor(np.triu(sparse(size, 0.5, seed), 1)[np.ix_(order, order)])
    for layerwise in (None, False):
        found = lyapunov.spectrum(network(matrix), still(40, 3), layerwise=layerwise, running=True)
        assert found.dead.all()
        assert found.exponents.tolist() == [[-16.0] * size] * 3
        assert found.running is not None
        assert found.running.shape == (40, 3, size)
        uncut = lyapunov.spectrum(network(matrix), still(40, 3), layerwise=layerwise, floor=None)
        assert uncut.mean.isneginf().all()


@pytest.mark.parametrize("seed", range(30))
def test_as_many_directions_live_as_a_generic_matrix_of_these_zeros_has_nonzero_eigenvalues(
    seed: int,
) -> None:
    """The rank of its power, in whole numbers modulo a large prime, where nothing is rounded."""
    chance = np.random.default_rng(seed)
    size = int(chance.integers(2, 14))
    pattern = chance.random((size, size)) < chance.uniform(0.05, 0.3)
    prime = 2**31 - 1
    power = pattern * chance.integers(1, prime, (size, size)).astype(object)
    for _ in range(4):
        power = power.dot(power) % prime
    found = components([torch.tensor(pattern)])
    live = size if found is None else sum(component.live for component in found)
    assert live == _rank(power, prime)


def _rank(matrix: NDArray[np.object_], prime: int) -> int:
    rows, rank = matrix.copy(), 0
    for column in range(rows.shape[1]):
        pivot = next((row for row in range(rank, len(rows)) if rows[row, column]), None)
        if pivot is None:
            continue
        rows[[rank, pivot]] = rows[[pivot, rank]]
        rows[rank] = rows[rank] * pow(int(rows[rank, column]), -1, prime) % prime
        for row in range(rank + 1, len(rows)):
            rows[row] = (rows[row] - rows[row, column] * rows[rank]) % prime
        rank += 1
    return rank


def test_an_lstm_s_whole_state_loses_what_its_output_gates_do_not_see() -> None:
    """Of (h, c), c lives by its forget gates; h only as far as the matrix of the output gates carries it.

    The Jacobian's own zeros do not show it: its determinant is that of F times that of diag(.) W_o.
    """
    module, inputs = nn.LSTM(3, 6).double(), torch.randn(30, 2, 3).double()
    with torch.no_grad():
        module.weight_hh_l0[18:].mul_(torch.tensor([1.0, 1, 1, 0, 0, 0]).diag())
    found = lyapunov.spectrum(module, inputs, state="full")
    assert int(found.dead.sum()) == 3

    def step(state: Tensor) -> Tensor:
        h, c = state.chunk(2)
        sums = module.weight_ih_l0 @ inputs[0, 0] + module.weight_hh_l0 @ h
        i, f, g, o = sums.chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return torch.cat([o.sigmoid() * c.tanh(), c])

    jacobian = torch.func.jacrev(step)(torch.rand(12).double()).detach()
    assert int(torch.linalg.matrix_rank(jacobian)) == 9
    assert components([jacobian != 0]) is None


@pytest.mark.parametrize("make", [nn.RNN, nn.LSTM])
@pytest.mark.parametrize("state", lyapunov.STATES)
@pytest.mark.parametrize("direction", lyapunov.DIRECTIONS)
def test_layerwise_equals_whole_state_with_dead_directions_too(
    make: type[nn.RNNBase], state: str, direction: str
) -> None:
    module, inputs = make(4, 14, 2).double(), torch.randn(25, 3, 4).double()
    with torch.no_grad():
        for weight in (module.weight_hh_l0, module.weight_hh_l1):
            weight.mul_(torch.rand_like(weight) < 0.06)
    options = {"state": state, "direction": direction, "warmup": 5, "running": True}
    by_layer = lyapunov.spectrum(module, inputs, **options)
    whole = lyapunov.spectrum(module, inputs, layerwise=False, **options)
    assert by_layer.dead.any()
    assert torch.equal(by_layer.dead, whole.dead)
    assert torch.equal(by_layer.layer, whole.layer)
    torch.testing.assert_close(by_layer.exponents, whole.exponents, atol=1e-9, rtol=0)
    torch.testing.assert_close(by_layer.running, whole.running, atol=1e-9, rtol=0)


@pytest.mark.parametrize("sparsity", [0.9, 0.95, 0.98])
def test_sparse_networks_have_the_same_spectrum_in_both_types(sparsity: float) -> None:
    """Distances of one network were 34.5 in float32 and 47.9 in float64, and two changed places."""
    dense, inputs = nn.RNN(16, 48), torch.randn(45, 5, 16)
    pruned = nn.RNN(16, 48)
    pruned.load_state_dict(dense.state_dict())
    with torch.no_grad():
        pruned.weight_hh_l0.mul_((torch.rand(48, 48) > sparsity) * 3)
    single = lyapunov.spectrum(pruned, inputs, warmup=10)
    double = lyapunov.spectrum(pruned.double(), inputs.double(), warmup=10)
    assert single.dead.any()
    torch.testing.assert_close(single.exponents, double.exponents, atol=1e-9, rtol=0)
    target = lyapunov.spectrum(dense, inputs, warmup=10)
    distances = [lyapunov.distance(found, target) for found in (single, double)]
    assert distances[0] == pytest.approx(distances[1], abs=1e-6)


def test_a_cell_and_a_function_show_their_zeros_by_their_jacobians() -> None:
    matrix = torch.tensor(sparse(16, 0.1, 5)).float()
    expected = lyapunov.spectrum(network(matrix), still(60))
    assert expected.dead.any()

    class Cell:
        state_size = 16

        def step(self, state: Tensor, x: Tensor) -> Tensor:
            return torch.tanh(state @ matrix.mT)

        def jacobian(self, state: Tensor, x: Tensor) -> Tensor:
            return (1 - self.step(state, x).square())[:, :, None] * matrix

    for system in (Cell(), lambda s, x: torch.tanh(s @ matrix.mT)):
        found = lyapunov.spectrum(system, still(60), initial_state=torch.zeros(1, 16))
        assert torch.equal(found.dead, expected.dead)
        torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-9, rtol=0)


def test_a_unit_that_is_off_at_the_first_step_alone_is_not_dead() -> None:
    def step(state: Tensor, x: Tensor) -> Tensor:
        return state * x

    inputs = torch.full((40, 2, 3), 0.5).double()
    inputs[0, :, 1] = 0
    found = lyapunov.spectrum(step, inputs, initial_state=torch.ones(2, 3).double(), warmup=1)
    assert not found.dead.any()
    inputs[:, :, 1] = 0
    found = lyapunov.spectrum(step, inputs, initial_state=torch.ones(2, 3).double(), warmup=1)
    assert found.dead.tolist() == [False, False, True]  # behind the live ones
    assert found.mean[:2].tolist() == pytest.approx([float(np.log(0.5))] * 2, abs=1e-12)


@pytest.mark.parametrize("options", [{}, {"direction": "adjoint"}, {"layerwise": False}, {"k": 5}])
def test_a_sparse_computation_goes_on_from_its_end(options: dict[str, object]) -> None:
    module, inputs = nn.RNN(4, 14, 2).double(), torch.randn(30, 2, 4).double()
    with torch.no_grad():
        module.weight_hh_l0.mul_(torch.rand(14, 14) < 0.1)
    at_once = lyapunov.spectrum(module, inputs, warmup=10, **options)
    first = lyapunov.spectrum(module, inputs[:10], keep_end=True, **options)
    later = lyapunov.spectrum(module, inputs[10:], start=first.end, **options)
    assert lyapunov.spectrum(module, inputs).dead.any()
    torch.testing.assert_close(later.exponents, at_once.exponents, atol=1e-9, rtol=0)


def test_a_ragged_batch_of_a_sparse_network_is_as_if_alone() -> None:
    module, inputs = nn.RNN(4, 14).double(), torch.randn(30, 3, 4).double()
    with torch.no_grad():
        module.weight_hh_l0.mul_(torch.rand(14, 14) < 0.1)
    mask = torch.ones(30, 3).bool()
    mask[20:, 1] = False
    found = lyapunov.spectrum(module, inputs, mask=mask, warmup=2, running=True)
    alone = lyapunov.spectrum(module, inputs[:20, 1:2], warmup=2)
    assert found.counts.tolist() == [28, 18, 28]
    assert found.clamped[:, found.dead].unique().tolist() == [18, 28]
    live = ~found.dead
    # columns stand in the order of the mean over sequences, which another choice of sequences may change
    torch.testing.assert_close(
        found.exponents[1, live].sort().values, alone.exponents[0, live].sort().values, atol=1e-10, rtol=0
    )


def test_derivatives_of_a_sparse_network_s_exponents_are_those_of_differences() -> None:
    module, inputs = nn.RNN(3, 8).double(), torch.randn(20, 2, 3).double()
    with torch.no_grad():
        module.weight_hh_l0.mul_(torch.rand(8, 8) < 0.2)

    def total() -> Tensor:
        found = lyapunov.spectrum(module, inputs, differentiable=True)
        return found.mean[~found.dead].sum()

    assert lyapunov.spectrum(module, inputs).dead.any()
    gradient = torch.autograd.grad(total(), module.weight_hh_l0)[0]
    row, column = (int(x) for x in (module.weight_hh_l0 != 0).nonzero()[0])
    values = []
    for shift in (1e-6, -2e-6):
        with torch.no_grad():
            module.weight_hh_l0[row, column] += shift
            values.append(float(total()))
    assert (values[0] - values[1]) / 2e-6 == pytest.approx(float(gradient[row, column]), abs=1e-5)


def test_full_rank_is_computed_as_ever() -> None:
    """Zeros that cost no direction change neither type nor start: the bits of a k-prefix stay its own."""
    module, inputs = nn.LSTM(8, 24, 2), torch.randn(30, 3, 8)
    with torch.no_grad():
        module.weight_hh_l0.mul_(torch.rand(96, 24) < 0.3)
    found = lyapunov.spectrum(module, inputs, state="hidden", keep_end=True)
    assert not found.dead.any()
    assert found.end is not None
    assert [q.dtype for q in found.end.q] == [torch.float32] * 2


def test_a_relu_network_that_loses_rank_by_its_inputs_says_how_often() -> None:
    torch.manual_seed(3)
    module, inputs = nn.RNN(4, 20, nonlinearity="relu").double(), torch.randn(40, 3, 4).double()
    with pytest.warns(RuntimeWarning, match=r"lost rank at some steps .* Spectrum.rounded"):
        found = lyapunov.spectrum(module, inputs, warmup=5)
    assert not found.dead.any()
    off = 20 - _live_units(module, inputs)[5:]  # (time, batch)
    # a matrix without some rows has lost as many directions: seldom is a rounding too large to be seen as one
    assert found.rounded.sum().item() == pytest.approx(float(off.sum()), rel=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lyapunov.spectrum(nn.RNN(4, 20).double(), inputs)
        lyapunov.spectrum(nn.LSTM(4, 20).double(), inputs)


def _live_units(module: nn.RNN, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return (module(inputs)[0] > 0).sum(dim=2)
