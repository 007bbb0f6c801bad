"""Every network trains, is pruned, evaluated and measured on a device that refuses what a card refuses.

The budgets of launches and waits are those of now: a change that needs more says so here, and why.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from pretend_device import PLACE, MixedDevicesError, PretendDevice
from small_updates import updated
from torch import nn

from hyperprune.corpora import CorpusConfig
from hyperprune.models import MODELS, LanguageModel, SoftTargets
from hyperprune.optim import OPTIMIZERS, build
from hyperprune.search import preset
from hyperprune.sparsity import DEATH, GROWTH, REDISTRIBUTION, PruningVariant, SparseTraining
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.training import JobFolder, TrainingJob, run_job
from hyperprune.training import job as jobs
from hyperprune.training.stored.checkpoint import path as weights_path

TIME, BATCH, TYPES = 6, 3, 20

# launches of a window's loss and its backward pass: 6 steps of 2 layers, or of 5 depths
LAUNCHES = {
    "stacked-lstm": 50,
    "gru": 47,
    "rnn": 47,
    "awd-lstm": 58,
    "awd-lstm-mos": 83,
    "on-lstm": 660,  # 52 a step and layer, forward and backward
    "rhn": 450,  # 13 a step and depth
}


def network(kind: str) -> LanguageModel:
    torch.manual_seed(0)
    layers = {"layers": 2} if "layers" in MODELS[kind].model_fields else {}
    found: nn.Module = MODELS[kind](embedding=8, hidden=8, **layers).build(TYPES)
    assert isinstance(found, LanguageModel)
    return found


def window() -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.Generator().manual_seed(1)
    tokens, targets = torch.randint(TYPES, (2, TIME, BATCH), generator=drawn)
    return tokens, targets


@pytest.mark.parametrize("kind", MODELS)
def test_a_step_has_the_numbers_of_the_cpu_few_launches_and_no_wait(kind: str) -> None:
    own, (tokens, targets) = network(kind), window()
    torch.manual_seed(2)
    expected = own.window_loss(tokens, targets)
    expected.objective.backward()
    gradients = [parameter.grad for parameter in own.parameters()]
    own.zero_grad()
    with PretendDevice() as device:
        own, tokens, targets = own.to(PLACE), tokens.to(PLACE), targets.to(PLACE)
        device.forget()
        torch.manual_seed(2)
        found = own.window_loss(tokens, targets)
        found.objective.backward()
        assert not device.waits
        assert device.launches.total() <= LAUNCHES[kind]
        torch.testing.assert_close(found.cross_entropy.cpu(), expected.cross_entropy)
        for parameter, wanted in zip(own.parameters(), gradients, strict=True):
            assert parameter.grad is not None
            torch.testing.assert_close(parameter.grad.cpu(), wanted)


@pytest.mark.parametrize("kind", MODELS)
def test_a_teacher_costs_no_wait(kind: str) -> None:
    own, (tokens, targets) = network(kind), window()
    with PretendDevice() as device:
        own, tokens, targets = own.to(PLACE), tokens.to(PLACE), targets.to(PLACE)
        soft = SoftTargets.given(torch.zeros(TIME * BATCH, TYPES, device=PLACE), 0.5, 2.0)
        device.forget()
        own.window_loss(tokens, targets, soft=soft).objective.backward()
        assert not device.waits


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_clip_optimiser_and_masks_cost_no_wait(name: str) -> None:
    """A masked step between two topology updates, momentum and averages included."""
    own, (tokens, targets) = network("stacked-lstm"), window()
    with PretendDevice() as device:
        own, tokens, targets = own.to(PLACE), tokens.to(PLACE), targets.to(PLACE)
        optimizer = build(name, own, lr=0.1, weight_decay=1e-6)
        sparse = SparseTraining.from_variant(PruningVariant(density=0.4, death_rate=0.5), own, optimizer)
        for _ in range(3):
            device.forget()
            optimizer.zero_grad(set_to_none=True)
            own.window_loss(tokens, targets).objective.backward()
            sparse.clip_grad_norm_(0.25)
            sparse.step()
            assert not device.waits


@contextmanager
def watched(device: PretendDevice, *names: str) -> Iterator[dict[str, list[Counter[str]]]]:
    """Waits inside each call of functions of ``jobs``."""
    found: dict[str, list[Counter[str]]] = {name: [] for name in names}
    plain = {name: getattr(jobs, name) for name in names}

    def around(name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            before = Counter(device.waits)
            try:
                return plain[name](*args, **kwargs)
            finally:
                found[name].append(device.waits - before)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setattr(jobs, name, around(name))
        yield found


def job(folder: Path, kind: str, device: str, **choices: Any) -> TrainingJob:
    return TrainingJob(
        label="test",
        folder=folder,
        task=TextTask(
            corpus=CorpusConfig(max_train_tokens=800, max_evaluation_tokens=200, max_vocabulary=80),
            model=MODELS[kind](embedding=8, hidden=8),
        ),
        recipe=Recipe(epochs=2, learning_rate=5.0, optimizer="snt-asgd"),
        spectrum=SpectrumConfig(batch=2, steps=5, warmup=1),
        variant=PruningVariant(density=0.4, death_rate=0.5, update_interval="epoch", **choices),
        until=2,
        device=device,
    )


@pytest.mark.parametrize("kind", MODELS)
def test_a_whole_job_waits_by_epoch_and_not_by_step(kind: str, tmp_path: Path) -> None:
    """Training, topology update, evaluation, spectrum and checkpoint; numbers as on the CPU.

    4 steps an epoch and a window of validation text. A topology update reads counts: five waits a matrix
    for ties and deaths, two for the entries among which it ranks.
    """
    expected = run_job(job(tmp_path / "cpu", kind, "cpu"))
    with PretendDevice() as device, watched(device, "train_epoch", "evaluate", "measure") as waits:
        found = run_job(job(tmp_path / "pretended", kind, "meta"))
    first, second = waits["train_epoch"]
    assert first.total() == 1
    matrices = len(found.last.live_weights)
    assert second.total() <= 1 + 7 * matrices
    assert [w.total() for w in waits["evaluate"]] == [1, 1]
    # of at most 3 layers each: a QR asks whether its matrix was well-conditioned, 6 steps; the rest is what
    # finds the structure of the weights and puts the record together, whatever the number of steps
    assert all(w.total() <= 3 * (6 + 8) for w in waits["measure"])
    for own, wanted in zip(found.epochs, expected.epochs, strict=True):
        assert own.train_loss == pytest.approx(wanted.train_loss, rel=1e-5)
        assert own.valid_loss == pytest.approx(wanted.valid_loss, rel=1e-4)
        assert own.live == wanted.live
        there, here = (JobFolder(tmp_path / place).spectrum(own.epoch) for place in ("pretended", "cpu"))
        torch.testing.assert_close(there.mean, here.mean, rtol=0, atol=0.05)  # float32 far from the leading


def test_a_job_goes_on_from_its_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    """With every dropout there is; the random numbers of this device are the CPU's."""
    with PretendDevice():
        whole = run_job(job(tmp_path / "whole", "awd-lstm", "meta"))
        run_job(job(tmp_path / "pieces", "awd-lstm", "meta").model_copy(update={"until": 1}))
        assert run_job(job(tmp_path / "pieces", "awd-lstm", "meta")) == whole
    first, second = (weights_path(tmp_path / name, 2).read_bytes() for name in ("whole", "pieces"))
    assert first == second


@pytest.mark.parametrize("redistribution", REDISTRIBUTION)
@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("death", DEATH)
def test_every_rule_updates_there_as_on_the_cpu(death: str, growth: str, redistribution: str) -> None:
    masks = []
    for place in ("cpu", "meta"):
        with PretendDevice():
            sparse = updated(place, death, growth, redistribution)
            assert all(mask.device.type == place for mask in sparse.masks.values())
            masks.append({name: mask.cpu() for name, mask in sparse.masks.items()})
    assert all(torch.equal(mask, masks[1][name]) for name, mask in masks[0].items())


def test_a_loss_that_leaves_the_finite_numbers_is_found_when_the_epoch_ends(tmp_path: Path) -> None:
    """One wait; the step is named all the same, and the network is given up as on a CPU."""
    wild = job(tmp_path / "run", "stacked-lstm", "meta")
    recipe = wild.recipe.model_copy(update={"learning_rate": 1e38, "clip": 0.0})
    with PretendDevice():
        history = run_job(wild.model_copy(update={"recipe": recipe}))
    assert history.failure is not None
    assert "in epoch 1, step" in history.failure.reason
    on_cpu = run_job(job(tmp_path / "cpu", "stacked-lstm", "cpu").model_copy(update={"recipe": recipe}))
    assert on_cpu.failure is not None
    step = [h.failure.reason.partition("step ")[2].partition(":")[0] for h in (history, on_cpu)]  # type: ignore[union-attr]
    assert step[0] == step[1]


@pytest.mark.parametrize("name", ["ptb-lstm", "ptb-rhn", "wt2-mos", "ptb-on-lstm"])
def test_published_sizes_fit_together_without_numbers(name: str) -> None:
    """Shapes alone, on torch's own ``meta``: tens of millions of weights that nobody holds."""
    tables = preset(name)
    types = 33_278 if name == "wt2-mos" else 10_000
    with torch.device("meta"):
        own = MODELS[tables["model"]["kind"]].model_validate(tables["model"]).build(types)
        tokens = torch.zeros(tables["recipe"]["bptt"], 5, dtype=torch.int64)
    seen = own.window_loss(tokens, tokens)
    seen.objective.backward()
    assert all(parameter.grad is not None for parameter in own.parameters())
    assert seen.objective.shape == ()


def test_the_device_refuses_what_a_card_refuses() -> None:
    """And counts what a card would wait for: so that the tests above can fail."""
    with PretendDevice() as device:
        there = torch.randn(3, 3).to(PLACE)
        for mixed in (
            lambda: there + torch.ones(3),
            lambda: torch.mm(there, torch.ones(3, 3)),
            lambda: torch.cat([there, torch.ones(1, 3)]),
        ):
            with pytest.raises(MixedDevicesError):
                mixed()
        with pytest.raises(MixedDevicesError, match="generator"):
            there.bernoulli_(0.5, generator=torch.Generator())
        assert float((there + torch.tensor(1.0))[0, 0].cpu()) == pytest.approx(float(there[0, 0].cpu()) + 1)
        for waiting in (
            lambda: there.sum().item(),
            lambda: bool(there.any()),
            lambda: there.nonzero(),
            lambda: there[there > 0],
            lambda: there.cpu(),
            lambda: torch.ones(3, 3).copy_(there),
            lambda: there.tolist(),
        ):
            device.forget()
            waiting()
            assert device.waits.total() == 1
        device.forget()
        there.mul_(2).t()[0].add_(1)
        assert device.launches == {"aten.mul_": 1, "aten.add_": 1}
        assert not device.waits
