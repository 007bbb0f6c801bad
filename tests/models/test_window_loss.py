"""Every network's short way to its loss is the cross entropy of its scores, gradients included."""

import pytest
import torch
from torch import Tensor, nn

from hyperprune.models import MODELS, GivesLoss, LanguageModel, Reads, SoftTargets, scored_loss
from hyperprune.models.decoding import mixture_loss as mixture_loss_module
from hyperprune.models.layers import working_type

SIZES = {"embedding": 6, "hidden": 6, "dropout": 0.3}


def network(kind: str) -> LanguageModel:
    torch.manual_seed(0)
    own = {"chunk": 3} if kind == "on-lstm" else {}
    found: nn.Module = MODELS[kind](**SIZES, **own).build(9).double()
    assert isinstance(found, LanguageModel)
    assert isinstance(found, GivesLoss)
    assert isinstance(found, Reads)
    return found


def gradients(loss: Tensor, of: nn.Module) -> list[Tensor]:
    found = torch.autograd.grad(loss, list(of.parameters()), allow_unused=True)
    return [torch.zeros(()) if g is None else g for g in found]


def flat(state: object) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else [t for part in state for t in flat(part)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("taught", [False, True])
@pytest.mark.parametrize("kind", MODELS)
def test_the_short_way_is_the_long_one(kind: str, taught: bool) -> None:
    """With dropout: both ways draw the same masks. The state that is carried on too."""
    own = network(kind)
    tokens, targets = torch.randint(9, (5, 3)), torch.randint(9, (5, 3))
    soft = SoftTargets.given(torch.randn(15, 9, dtype=torch.float64), 0.4, 2.0) if taught else None
    torch.manual_seed(1)
    reading = own.read(tokens)
    objective, loss = scored_loss(reading.scores.flatten(0, 1), targets.flatten(), soft)
    expected = gradients(objective, own)
    torch.manual_seed(1)
    found = own.window_loss(tokens, targets, soft=soft)
    torch.testing.assert_close(found.objective, objective, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(found.cross_entropy, loss, rtol=1e-11, atol=1e-12)
    assert torch.equal(found.hidden, reading.hidden)
    assert torch.equal(found.dropped, reading.dropped)
    assert all(map(torch.equal, flat(found.state), flat(reading.state)))
    for one, wanted in zip(gradients(found.objective, own), expected, strict=True):
        torch.testing.assert_close(one, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", MODELS)
def test_without_graph_too(kind: str) -> None:
    own = network(kind).eval()
    tokens, targets = torch.randint(9, (5, 3)), torch.randint(9, (5, 3))
    with torch.no_grad():
        loss, _ = scored_loss(own(tokens)[0].flatten(0, 1), targets.flatten())
        found = own.window_loss(tokens, targets)
    torch.testing.assert_close(found.objective, loss, rtol=1e-12, atol=1e-12)
    assert not found.objective.requires_grad


@pytest.mark.parametrize("entries", [1, 3 * 27, 2**25])
def test_chunks_of_a_mixture_change_nothing(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens one by one, by three with a smaller last chunk, and all; so with the blocks inside."""
    own = network("awd-lstm-mos").eval()
    tokens, targets = torch.randint(9, (5, 2)), torch.randint(9, (5, 2))
    expected, _ = scored_loss(own(tokens)[0].flatten(0, 1), targets.flatten())
    monkeypatch.setattr(mixture_loss_module, "_CHUNK", entries)
    monkeypatch.setattr(mixture_loss_module, "_CACHED", entries)
    found = own.window_loss(tokens, targets).objective
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
    for one, wanted in zip(gradients(found * 3, own), gradients(expected * 3, own), strict=True):
        torch.testing.assert_close(one, wanted, rtol=1e-9, atol=1e-12)


def test_a_mixture_differentiates_as_finite_differences_say() -> None:
    torch.manual_seed(0)
    features, weight, bias = (
        torch.randn(size, dtype=torch.float64, requires_grad=True) for size in [(5, 3, 4), (7, 4), (7,)]
    )
    prior = torch.randn(5, 3, dtype=torch.float64).softmax(dim=1).requires_grad_()
    targets = torch.randint(7, (5,))
    inputs = (features, prior, weight, bias)
    for _ in range(5):
        steps = [1e-6 * torch.randn_like(t) for t in inputs]
        grads = torch.autograd.grad(mixture_loss_module.mixture_loss(*inputs, targets), inputs)
        found = sum(float((g * s).sum()) for g, s in zip(grads, steps, strict=True))
        with torch.no_grad():
            ahead, behind = (
                mixture_loss_module.mixture_loss(
                    *(t + sign * s for t, s in zip(inputs, steps, strict=True)), targets
                )
                for sign in (1, -1)
            )
        assert found == pytest.approx(float(ahead - behind) / 2, rel=1e-6)


def test_a_mixture_whose_target_vanishes_has_a_finite_loss_and_gradients() -> None:
    features = torch.full((1, 2, 1), 1.0, requires_grad=True)
    weight, targets = torch.tensor([[500.0], [-500.0]]), torch.tensor([1])
    loss = mixture_loss_module.mixture_loss(
        features, torch.full((1, 2), 0.5), weight, torch.zeros(2), targets
    )
    loss.backward()
    assert loss.isfinite()
    assert features.grad is not None
    assert features.grad.isfinite().all()


def test_a_mixture_refuses_a_second_backward_pass() -> None:
    loss = network("awd-lstm-mos").window_loss(torch.randint(9, (2, 1)), torch.randint(9, (2, 1))).objective
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="one backward pass"):
        loss.backward()


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("kind", MODELS)
def test_autocast_narrows_the_step_and_leaves_gradients_wide(
    kind: str, loops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors of some roundings of bfloat16 (2^-8), through five steps of time; with the loops' small products
    as they are, and with those narrowed too.
    """
    if loops:
        monkeypatch.setattr(working_type, "_WORTH_NARROWING", 0)
    own = network(kind).float().eval()
    own.train()
    for part in own.modules():  # no dropout: both passes must be of the same network
        for name in ("share", "p", "embedding_share", "dropout"):
            if isinstance(getattr(part, name, None), float):
                setattr(part, name, 0.0)
    tokens, targets = torch.randint(9, (5, 3)), torch.randint(9, (5, 3))
    exact = own.window_loss(tokens, targets).objective
    with torch.autocast("cpu", dtype=torch.bfloat16):
        narrow = own.window_loss(tokens, targets).objective
    assert narrow.dtype == torch.float32
    assert narrow != exact
    torch.testing.assert_close(narrow, exact, rtol=0.02, atol=0)
    wide = [g.flatten() for g in gradients(exact, own)]
    found = gradients(narrow, own)
    assert all(g.dtype == torch.float32 for g in found)
    error = torch.cat([g.flatten() for g in found]) - torch.cat(wide)
    assert float(error.norm() / torch.cat(wide).norm()) < 0.05
