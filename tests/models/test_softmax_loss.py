"""The fused cross entropy is the plain one: value, gradients, a teacher's part, chunks, narrow types."""

import importlib
import weakref
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div, linear
from torch.utils._python_dispatch import TorchDispatchMode

from hyperprune.errors import ConfigurationError
from hyperprune.models import SoftTargets, scored_loss, softmax_loss

module = importlib.import_module("hyperprune.models.decoding.softmax_loss")  # the package shows the function
N, V, E = 11, 7, 5
EXACT = {"rtol": 1e-11, "atol": 1e-13}  # float64, sums of a few terms


def parts() -> tuple[list[Tensor], Tensor]:
    torch.manual_seed(0)
    inputs = [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in [(N, E), (V, E), (V,)]]
    return inputs, torch.randint(V, (N,))


def teacher(share: float, temperature: float) -> tuple[SoftTargets, SoftTargets, Tensor]:
    """The same distributions given as logits and by a decoder, and the logits."""
    torch.manual_seed(1)
    hidden, weight, bias = (torch.randn(s, dtype=torch.float64) for s in [(N, 3), (V, 3), (V,)])
    logits = linear(hidden, weight, bias)
    return (
        SoftTargets.given(logits, share, temperature),
        SoftTargets.decoded(hidden, weight, bias, share, temperature),
        logits,
    )


def along(function: Callable[..., Tensor], inputs: Sequence[Tensor]) -> tuple[float, float]:
    """The derivative along a random direction, by the backward pass and by a central difference.

    ``gradcheck`` itself asks for several backward passes of one forward pass, which there are none of.
    """
    steps = [1e-6 * torch.randn_like(t) for t in inputs]
    found = torch.autograd.grad(function(*inputs), list(inputs))
    analytic = sum(float((g * s).sum()) for g, s in zip(found, steps, strict=True))
    with torch.no_grad():
        ahead = function(*(t + s for t, s in zip(inputs, steps, strict=True)))
        behind = function(*(t - s for t, s in zip(inputs, steps, strict=True)))
    return analytic, float(ahead - behind) / 2


def gradients(loss: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(loss, inputs))


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    for own, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(own, wanted, **EXACT)


@pytest.mark.parametrize("entries", [1, V, 3 * V, 2**23])
def test_value_and_gradients_are_those_of_cross_entropy(
    entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In chunks of one row, of three with a smaller last one, and of all; so with the blocks inside."""
    monkeypatch.setattr(module, "_CHUNK", 2 * entries)
    monkeypatch.setattr(module, "_CACHED", entries)
    inputs, targets = parts()
    expected = cross_entropy(linear(*inputs), targets)
    objective, loss = softmax_loss(*inputs, targets)
    assert_same([objective, loss], [expected, expected.detach()])
    assert not loss.requires_grad
    assert_same(gradients(objective * 3, inputs), gradients(expected * 3, inputs))


@pytest.mark.parametrize(("share", "temperature"), [(0.0, 1.0), (0.3, 1.0), (0.6, 2.5), (1.0, 0.5)])
@pytest.mark.parametrize("entries", [V, 4 * V, 2**23])
def test_a_teachers_part_is_t_squared_times_the_divergence(
    share: float, temperature: float, entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", entries)
    inputs, targets = parts()
    logits = linear(*inputs)
    given, decoded, of_teacher = teacher(share, temperature)
    wanted = (of_teacher / temperature).softmax(dim=1)
    divergence = kl_div((logits / temperature).log_softmax(dim=1), wanted, reduction="batchmean")
    loss = cross_entropy(logits, targets)
    expected = (1 - share) * loss + share * temperature**2 * divergence
    by_hand = gradients(expected, inputs)
    for soft in (given, decoded):
        for function in (
            lambda s: softmax_loss(*inputs, targets, s),
            lambda s: scored_loss(linear(*inputs), targets, s),
        ):
            objective, seen = function(soft)
            assert_same([objective, seen], [expected.detach(), loss.detach()])
            assert_same(gradients(objective, inputs), by_hand)


def test_derivatives_are_those_of_finite_differences() -> None:
    inputs, targets = parts()
    soft = teacher(0.4, 2.0)[0]
    for given in (None, soft):
        for _ in range(5):
            found, wanted = along(lambda *i, g=given: softmax_loss(*i, targets, g)[0], inputs)
            assert found == pytest.approx(wanted, rel=1e-6)  # the difference's own error is 1e-9 to 1e-7


def test_a_type_that_the_teacher_excludes_adds_nothing() -> None:
    inputs, targets = parts()
    logits = torch.zeros(N, V, dtype=torch.float64)
    logits[:, 2] = -torch.inf
    soft = SoftTargets.given(logits, 0.5)
    found = [softmax_loss(*inputs, targets, soft), scored_loss(linear(*inputs), targets, soft)]
    torch.testing.assert_close(found[0][0], found[1][0], **EXACT)
    assert found[0][0].isfinite()
    assert_same(gradients(found[0][0], inputs), gradients(found[1][0], inputs))


def test_targets_whose_probability_vanishes_have_their_exact_loss() -> None:
    """A softmax of float32 is 0 there; the loss is the difference of the logits."""
    hidden, weight = torch.tensor([[1.0]]), torch.tensor([[300.0], [-300.0]], requires_grad=True)
    objective, _ = softmax_loss(hidden, weight, torch.zeros(2), torch.tensor([1]))
    assert float(objective) == 600
    (found,) = torch.autograd.grad(objective, weight)
    assert found.tolist() == [[1.0], [-1.0]]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("entries", [V, 4 * V, 2**23])
def test_deep_losses_are_exact_in_every_chunk(
    entries: int, soft: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float32, logits hundreds apart: some probabilities are 0, some subnormal, some have all digits."""
    monkeypatch.setattr(module, "_CHUNK", entries)
    inputs, targets = parts()
    hidden = (inputs[0].detach() * torch.logspace(0, 2, N)[:, None]).float()
    weight, bias = inputs[1].detach().float(), inputs[2].detach().float()
    expected = cross_entropy(linear(hidden, weight, bias), targets)
    assert expected > 30
    taught = SoftTargets.given(torch.zeros(N, V), 0.5) if soft else None
    _, loss = softmax_loss(hidden, weight, bias, targets, taught)
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0)


def test_only_wanted_gradients_are_made() -> None:
    inputs, targets = parts()
    for place in range(3):
        own = [t.detach().requires_grad_(n == place) for n, t in enumerate(inputs)]
        expected = gradients(cross_entropy(linear(*own), targets), [own[place]])
        assert_same(gradients(softmax_loss(*own, targets)[0], [own[place]]), expected)


def test_without_graph_it_is_the_same_number() -> None:
    inputs, targets = parts()
    with torch.no_grad():
        objective, loss = softmax_loss(*inputs, targets)
    assert not objective.requires_grad
    assert torch.equal(objective, softmax_loss(*inputs, targets)[0])
    assert torch.equal(objective, loss)


def test_a_second_backward_pass_is_refused() -> None:
    inputs, targets = parts()
    objective, _ = softmax_loss(*inputs, targets)
    objective.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="one backward pass"):
        objective.backward()


class Largest(TorchDispatchMode):
    """The most bytes that tensors of ``entries`` or more held at a time."""

    def __init__(self, entries: int) -> None:
        super().__init__()
        self.entries, self.held, self.most = entries, 0, 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            storage = result.untyped_storage()
            key, size = storage._cdata, storage.nbytes()
            if size >= self.entries * result.element_size() and key not in self.known:
                self.known.add(key)
                self.held += size
                self.most = max(self.most, self.held)
                weakref.finalize(storage, self._gone, key, size)
        return result

    def _gone(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.held -= size


def test_logits_and_their_gradient_never_exist_side_by_side() -> None:
    """The plain path holds logits, log-probabilities and a gradient; here the logits alone, once."""
    torch.manual_seed(0)
    hidden = torch.randn(300, 4, requires_grad=True)
    weight, bias = torch.randn(500, 4, requires_grad=True), torch.zeros(500, requires_grad=True)
    targets = torch.randint(500, (300,))
    most = {}
    for name, loss in (
        ("plain", lambda: cross_entropy(linear(hidden, weight, bias), targets)),
        ("fused", lambda: softmax_loss(hidden, weight, bias, targets)[0]),
    ):
        with Largest(300 * 500) as seen:
            loss().backward()
        most[name] = seen.most / (300 * 500 * 4)
    assert most["fused"] == 1
    assert most["plain"] >= 2


def test_autocast_narrows_the_products_alone() -> None:
    """bfloat16 keeps eight bits: errors of the products of five terms stay within a few of its roundings."""
    torch.manual_seed(0)
    hidden, weight = torch.randn(40, 16, requires_grad=True), torch.randn(30, 16, requires_grad=True)
    bias, targets = torch.zeros(30, requires_grad=True), torch.randint(30, (40,))
    inputs = [hidden, weight, bias]
    exact, _ = softmax_loss(*inputs, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        narrow, loss = softmax_loss(*inputs, targets)
    assert narrow.dtype == loss.dtype == torch.float32
    assert narrow != exact
    torch.testing.assert_close(narrow, exact, rtol=0.02, atol=0)
    for found, wanted in zip(gradients(narrow, inputs), gradients(exact, inputs), strict=True):
        assert found.dtype == torch.float32
        assert float((found - wanted).norm() / wanted.norm()) < 0.02


@pytest.mark.parametrize(("share", "temperature"), [(-0.1, 1.0), (1.1, 1.0), (0.5, 0.0), (float("nan"), 1.0)])
def test_impossible_teachers_are_refused(share: float, temperature: float) -> None:
    with pytest.raises(ConfigurationError, match=r"share|temperature"):
        SoftTargets.given(torch.zeros(1, 2), share, temperature)
