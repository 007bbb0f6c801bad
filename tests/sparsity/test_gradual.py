"""Pruning a trained network gradually: it begins whole, and ends with the counts that the criterion found."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD

from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.sparsity import CRITERION, PruningVariant, SparseTraining, taylor_scores
from hyperprune.sparsity.scheduled import check_epochs, check_schedule, pruning_interval

MakeModel = Callable[..., nn.Module]
Backward = Callable[..., None]
TRAINED = [name for name in CRITERION if CRITERION[name].trained]
FACTORS = {"rnn.weight_hh_l0": 2.0, "decoder": 0.5}
STEPS = 20


def ramp(model: nn.Module, criterion: str = "magnitude", **changes: object) -> SparseTraining:
    options: dict[str, object] = {
        "density": 0.2,
        "criterion": criterion,
        "density_factors": FACTORS,
        "density_schedule": "gradual",
        "death_rate": 0.0,
        "update_interval": 2,
        "total_steps": STEPS,
    }
    if CRITERION[criterion].needs_scores:
        options["scores"] = scores(model)
    return SparseTraining(model, SGD(model.parameters(), lr=0.1), **(options | changes))  # type: ignore[arg-type]


def scores(model: nn.Module) -> dict[str, torch.Tensor]:
    tokens = torch.arange(10).view(5, 2)
    logits = (model(tokens).flatten(0, 1) for _ in range(1))
    return taylor_scores(model, (nn.functional.cross_entropy(out, tokens.flatten()) for out in logits))


def train(model: nn.Module, sparse: SparseTraining, backward: Backward, begin: int, end: int) -> None:
    for step in range(begin, end):
        backward(model, step)
        sparse.step()


def counts(sparse: SparseTraining) -> dict[str, int]:
    return {name: int(mask.sum()) for name, mask in sparse.masks.items()}


@pytest.mark.parametrize("criterion", TRAINED)
def test_it_begins_whole_and_ends_with_the_counts_of_the_criterion(
    make_model: MakeModel, backward: Backward, criterion: str
) -> None:
    model = make_model()
    before = copy.deepcopy(model.state_dict())
    sparse = ramp(model, criterion)
    assert sparse.density() == 1
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    other = make_model()
    given = scores(other) if CRITERION[criterion].needs_scores else None
    at_once = SparseTraining.from_variant(
        sparse.variant.at_once, other, SGD(other.parameters(), lr=0.1), scores=given
    )
    lived, ramping = sparse.masks, []
    for step in range(STEPS):
        train(model, sparse, backward, step, step + 1)
        assert not any(bool((mask & ~lived[name]).any()) for name, mask in sparse.masks.items())
        lived = {name: mask.clone() for name, mask in sparse.masks.items()}
        ramping.append(sparse.density())
    assert counts(sparse) == counts(at_once)
    assert ramping == sorted(ramping, reverse=True)
    assert len(set(ramping)) == 8  # an update at every second of 15 steps, and the beginning


@pytest.mark.parametrize("criterion", TRAINED)
def test_it_resumes_with_the_counts_of_its_beginning(
    make_model: MakeModel, backward: Backward, criterion: str
) -> None:
    """Built on the weights of the middle, a criterion would find others."""
    whole = make_model()
    sparse = ramp(whole, criterion)
    train(whole, sparse, backward, 0, 5)
    state = copy.deepcopy(sparse.state_dict())
    resumed = copy.deepcopy(whole)
    again = ramp(resumed, criterion)
    again.load_state_dict(state)
    assert 0.2 < sparse.density() < 1
    train(whole, sparse, backward, 5, STEPS)
    train(resumed, again, backward, 5, STEPS)
    assert all(torch.equal(mask, again.masks[name]) for name, mask in sparse.masks.items())
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True))


@pytest.mark.parametrize(
    ("final", "says"),
    [
        (None, "must have .*final"),
        ("all", "got 'all'"),
        ({"decoder.weight": 3}, "got {'decoder.weight': 3}"),
        ("one more", "the state is damaged"),
        ("a half", "the state is damaged"),
        ("all in one matrix", "the state is damaged"),
    ],
)
def test_a_state_whose_end_is_damaged_is_refused(make_model: MakeModel, final: object, says: str) -> None:
    sparse = ramp(make_model())
    state = sparse.state_dict()
    changed = {"one more": 1, "a half": 0.5}
    if final is None:
        del state["final"]
    elif final == "all in one matrix":
        counts = state["final"]
        smallest = min(counts, key=lambda name: sparse.masks[name].numel())
        whole = sum(counts.values())
        assert whole > sparse.masks[smallest].numel()
        state["final"] = {name: whole if name == smallest else 0 for name in counts}
    elif isinstance(final, str) and final in changed:
        state["final"]["decoder.weight"] += changed[final]
    else:
        state["final"] = final
    with pytest.raises(CheckpointError, match=says):
        ramp(make_model()).load_state_dict(state)


def test_a_state_of_a_schedule_from_fresh_weights_is_what_it_was(make_model: MakeModel) -> None:
    assert "final" not in ramp(make_model(), "random").state_dict()


@pytest.mark.parametrize("pattern", ["units", "16x1", "8x4"])
def test_blocks_and_units_end_with_the_counts_of_the_criterion(pattern: str) -> None:
    """Density factors moved weights between the groups of a pattern, and the end was that of the density."""
    torch.manual_seed(0)
    model = nn.LSTM(16, 32, 2)
    other = copy.deepcopy(model)
    factors = {"weight_hh_l0": 2.0, "weight_hh_l1": 0.5}
    sparse = ramp(model, pattern=pattern, density_factors=factors, density=0.3)
    at_once = SparseTraining.from_variant(sparse.variant.at_once, other, SGD(other.parameters(), lr=0.1))
    for step in range(STEPS):
        model.zero_grad()
        inputs = torch.randn(3, 2, 16, generator=torch.Generator().manual_seed(step))
        model(inputs)[0].square().sum().backward()
        sparse.step()
    assert counts(sparse) == counts(at_once)
    assert sparse.density() == pytest.approx(0.3, abs=0.03)


def test_without_its_schedule_a_variant_is_static() -> None:
    variant = PruningVariant(
        density=0.2, criterion="taylor", density_schedule="gradual", death_rate=0.0, update_interval=7
    )
    assert variant.at_once == PruningVariant(
        density=0.2, criterion="taylor", death_rate=0.0, update_interval=None
    )
    assert variant.at_once.at_once == variant.at_once


@pytest.mark.parametrize(
    ("steps", "interval"), [(1, 1), (19, 1), (60, 3), (400, 20), (2000, 100), (10**6, 100)]
)
def test_prunings_are_a_hundred_steps_apart_or_less(steps: int, interval: int) -> None:
    assert pruning_interval(steps) == interval
    if steps >= 4:
        check_schedule((0.0, 0.75), interval, steps)


@pytest.mark.parametrize(("epochs", "fits"), [(1, False), (3, False), (4, True), (5, True)])
def test_updates_of_epochs_must_reach_the_end(epochs: int, fits: bool) -> None:
    """Three updates at 0, a third and two thirds of the budget left a network denser than was asked for."""
    check_epochs(None, "epoch", epochs)
    check_epochs((0.0, 0.75), 10, epochs)
    if fits:
        check_epochs((0.0, 0.75), "epoch", epochs)
    else:
        with pytest.raises(ConfigurationError, match="train for more epochs, end it earlier, or give"):
            check_epochs((0.0, 0.75), "epoch", epochs)


def test_criteria_that_leave_equal_counts_are_one_variant() -> None:
    ramps = [
        PruningVariant(density=0.2, criterion=name, density_schedule="gradual", death_rate=0.0)
        for name in TRAINED
    ]
    keys = {variant.criterion: variant.key() for variant in ramps}
    assert keys["taylor"] == keys["magnitude"] != keys["global_magnitude"]
