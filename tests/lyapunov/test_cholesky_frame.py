"""CholeskyQR2 gives the numbers of Householder, and gives way to it where it would lose them."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hyperprune.lyapunov import spectrum
from hyperprune.lyapunov.recursion import cholesky_frame, strand
from hyperprune.lyapunov.recursion.cholesky_frame import CholeskyFrame
from hyperprune.models.layers.highway import RecurrentHighway


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[CholeskyFrame]:
    """Frames of a computation that is made to take the way of other devices."""
    frames: list[CholeskyFrame] = []

    def frame(start: Tensor, transposed: bool, identity: bool, differentiable: bool) -> CholeskyFrame:
        frames.append(CholeskyFrame(start, transposed, identity))
        return frames[-1]

    monkeypatch.setattr(strand, "frame_for", frame)
    return frames


@pytest.mark.parametrize(
    "choices",
    [
        {"state": "full"},
        {"state": "hidden", "direction": "adjoint"},
        {"state": "hidden", "k": 3},
        {"state": "hidden", "layerwise": False},
        {"state": "hidden", "qr_interval": 2, "steps": 10},
    ],
)
def test_exponents_are_those_of_householder(choices: dict[str, Any], made: list[CholeskyFrame]) -> None:
    torch.manual_seed(0)
    network, inputs = nn.LSTM(5, 12, 2).double(), torch.randn(14, 3, 5, dtype=torch.float64)
    found = spectrum(network, inputs, warmup=2, **choices)
    assert made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strand, "frame_for", cholesky_frame.frame_for)
        expected = spectrum(network, inputs, warmup=2, **choices)
    torch.testing.assert_close(found.exponents, expected.exponents, rtol=1e-9, atol=1e-9)


def test_chains_of_factors_too(made: list[CholeskyFrame]) -> None:
    torch.manual_seed(0)
    layer, inputs = RecurrentHighway(4, 10, 3).double(), torch.randn(9, 2, 4, dtype=torch.float64)
    found = spectrum(layer, inputs, warmup=1)
    assert made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strand, "frame_for", cholesky_frame.frame_for)
        torch.testing.assert_close(found.exponents, spectrum(layer, inputs, warmup=1).exponents)


@pytest.mark.parametrize(("smallest", "gives_way"), [(1e-2, False), (1e-5, False), (1e-9, True), (0.0, True)])
def test_a_step_that_is_too_ill_conditioned_goes_to_householder(
    smallest: float, gives_way: bool, made: list[CholeskyFrame]
) -> None:
    """Diagonal maps in a rotated basis, whose singular values, and so R's sum of logarithms, are known."""
    torch.manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))[0]
    values = torch.tensor([2.0, 1.0, 0.9, 0.5, 0.3, smallest], dtype=torch.float64)
    matrix = rotation @ torch.diag(values) @ rotation.T

    def step(state: Tensor) -> Tensor:
        return state @ matrix.T

    start = torch.zeros(1, 6, dtype=torch.float64)
    found = spectrum(step, None, steps=40, warmup=60, initial_state=start, floor=-40.0)
    assert (sum(frame.fallbacks for frame in made) > 0) == gives_way
    expected = values.log().clamp(min=-40.0)
    if smallest > 0:  # a dead direction is a rounding of zero in one way as in the other
        torch.testing.assert_close(found.mean, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.mean[:5], expected[:5], rtol=0, atol=1e-6)


def test_a_cpu_keeps_lapacks_way() -> None:
    start = torch.eye(4)[None]
    assert not isinstance(cholesky_frame.frame_for(start, False, True, False), CholeskyFrame)
    assert isinstance(cholesky_frame.frame_for(start.to("meta"), False, True, False), CholeskyFrame)
    assert not isinstance(cholesky_frame.frame_for(start.to("meta"), False, True, True), CholeskyFrame)


def test_q_is_orthonormal_to_rounding_at_the_edge_of_what_is_safe() -> None:
    torch.manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(2, 30, 30, dtype=torch.float64))[0] for _ in range(2))
    values = torch.logspace(0, -5, 30, dtype=torch.float64)
    frame = CholeskyFrame(torch.eye(30, dtype=torch.float64).expand(2, 30, 30), False, True)
    frame._matrix = left * values @ right
    z = frame._matrix.clone()
    diagonal = frame.factor()
    q = frame.q()
    assert frame.fallbacks == 0
    assert float((q.mT @ q - torch.eye(30)).abs().max()) < 1e-13
    expected = torch.linalg.qr(z)[1].diagonal(dim1=-2, dim2=-1).abs()
    torch.testing.assert_close(diagonal, expected, rtol=1e-7, atol=0)


def test_a_pivot_of_zero_that_comes_out_large_is_seen() -> None:
    """Behind a small pivot a column of the span of the others keeps a rounding above what counts as safe."""
    torch.manual_seed(0)
    n, count, large = 5, 400, 0
    upper = torch.randn(count, n, n, dtype=torch.float64).triu()
    upper.diagonal(dim1=1, dim2=2).fill_(1.0)
    upper[:, n - 2, n - 2] = torch.logspace(-1, -5, count, dtype=torch.float64)
    upper[:, n - 1, n - 1] = 0.0
    for r in upper:
        rotation = torch.linalg.qr(torch.randn(n, n, dtype=torch.float64))[0]
        z = (rotation @ r)[None]
        first = torch.linalg.cholesky_ex(z.mT @ z)[0].diagonal(dim1=1, dim2=2)
        large += bool((first > cholesky_frame.SAFE * torch.linalg.vector_norm(z, dim=1)).all())
        frame = CholeskyFrame(torch.eye(n, dtype=torch.float64)[None], False, True)
        frame._matrix = z
        diagonal, q = frame.factor(), frame.q()
        assert frame.fallbacks == 1
        assert float(diagonal[0, -1]) < 1e-9
        assert float((q.mT @ q - torch.eye(n)).abs().max()) < 1e-13
    assert large > 20  # the first factor alone would have taken these
