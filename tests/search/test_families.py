"""Families: candidates from scratch and from the trained dense network, each a study of its own."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from small_search import families

from hyperprune.config.toml import configuration_text, read_configuration
from hyperprune.errors import ConfigurationError
from hyperprune.reports.gather import gather
from hyperprune.search import (
    PRESETS,
    CandidateEnded,
    Event,
    RunFolder,
    SearchConfig,
    SearchResult,
    configure,
    extend,
    run,
)
from hyperprune.search.config.extend import extended
from hyperprune.search.config.families import DenseSpace
from hyperprune.search.config.layers import validated
from hyperprune.search.plans import PlanSettings
from hyperprune.search.plans.rounds import Rounds
from hyperprune.search.resuming.resumption import resumed_search, where_it_starts
from hyperprune.search.space.space import SpaceConfig
from hyperprune.training.stored import checkpoint

PUBLISHED = {
    "ptb-lstm": "f430b6dd3ce5",
    "wt2-mos": "24294151d221",
    "ptb-awd-lstm": "540f7a7743a7",
}
ALIKE = {
    "families": ("dense",),
    "dense_start.space.criterion": ("magnitude",),
    "dense_start.space.sparse_init": ("uniform",),
    "dense_start.space.density_factor": {"low": 0.0, "high": 0.0},
}


def found(path: Path, **changes: Any) -> SearchResult:
    run(families(**changes), path)
    return RunFolder(path).finished()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("families") / "run"
    run(families(), folder)
    return folder


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_presets_are_what_they_were_before_families(name: str) -> None:
    config = configure(name)
    assert config.digest == PUBLISHED[name]
    assert not {"families", "dense_start"} & set(config.model_dump())
    assert not {"criterion", "weight_scale", "distillation"} & set(config.model_dump()["space"])
    assert "screen" not in config.model_dump()["search"]


def test_a_configuration_with_families_reads_as_it_was_written(tmp_path: Path) -> None:
    config = families(
        **{"dense_start.search.first_epochs": 1, "dense_start.space.density_factor": {"low": 0, "high": 0}}
    )
    (tmp_path / "config.toml").write_text(configuration_text(config.model_dump(mode="json")))
    assert validated(SearchConfig, read_configuration(tmp_path / "config.toml")) == config


def test_finalists_of_both_meet_by_validation_loss(whole: Path) -> None:
    result = RunFolder(whole).finished()
    finalists = result.finalists
    assert {candidate.family for candidate in finalists} == {"scratch", "dense"}
    best = min(finalists, key=lambda c: c.final.valid_score if c.final else 0.0)
    assert result.selected == best.number
    assert [c.family for c in result.candidates] == ["scratch"] * 3 + ["dense"] * 6
    assert [c.number for c in result.candidates] == list(range(9))


def test_each_family_is_charged_the_dense_epochs(whole: Path) -> None:
    cost = RunFolder(whole).finished().cost
    assert cost.search == sum(family.search for family in cost.families.values())
    assert cost.with_dense == cost.search + 4
    assert all(family.charged == family.search + 4 for family in cost.families.values())


def test_untrained_candidates_cost_no_epochs(whole: Path) -> None:
    result = RunFolder(whole).finished()
    screened = [c for c in result.candidates if c.family == "dense" and not c.curve.train_loss]
    assert len(screened) >= 3
    assert all(c.initial is not None and c.pool_metric is not None for c in screened)
    assert all(not checkpoint.epochs(RunFolder(whole).candidate(c.number).path) for c in screened)


def test_a_candidate_that_loses_no_weight_is_the_dense_network_at_its_best(tmp_path: Path) -> None:
    """At full density the loss of epoch 0 is that of the dense network's best epoch, the distance zero."""
    result = found(tmp_path / "run", **ALIKE, sparsity=0.0)
    curve, best = result.dense.curve, result.dense.final.best_epoch
    for candidate in result.candidates:
        if candidate.duplicate_of is None:
            assert candidate.initial is not None
            assert candidate.initial.valid_score == curve.valid_score[best - 1]
            assert candidate.initial.ls_distance == 0


def test_equal_masks_count_once(tmp_path: Path) -> None:
    """They differ in how they go on alone, which nothing says before training."""
    result = found(tmp_path / "run", **ALIKE)
    first = result.rounds[0]
    assert first.until == 0
    assert len(first.promoted) == 1
    assert set(first.same_as.values()) == {first.promoted[0]}
    assert len(first.ranking) == 1 + len(first.same_as) > 1


def test_equal_masks_that_train_at_other_rates_are_others(tmp_path: Path) -> None:
    """The best masks are trained at each rate, rather than one rate with each masks."""
    changes = ALIKE | {"dense_start.space.learning_rate": (5.0, 2.5), "dense_start.search.screen": 2}
    result = found(tmp_path / "run", **changes)
    promoted = [c for c in result.candidates if c.number in result.rounds[0].promoted]
    assert {candidate.overrides["learning_rate"] for candidate in promoted} == {5.0, 2.5}


def test_the_control_keeps_weights_at_random(tmp_path: Path) -> None:
    largest = found(tmp_path / "largest", **ALIKE).candidates[0].initial
    random = (
        found(tmp_path / "random", **ALIKE | {"dense_start.space.criterion": ("random",)})
        .candidates[0]
        .initial
    )
    assert largest is not None
    assert random is not None
    assert random.valid_score > largest.valid_score


def test_a_given_network_is_the_start_of_the_dense_family(tmp_path: Path, whole: Path) -> None:
    """Nothing dense is trained, and the LS distance is to the given network."""
    given = str(checkpoint.path(RunFolder(whole).dense.path, 4))
    result = found(tmp_path / "run", **ALIKE, sparsity=0.0, **{"reference.checkpoint": given})
    assert result.dense.curve.valid_score == ()
    assert result.cost.with_dense == result.cost.search
    (first, *_) = result.candidates
    assert first.initial is not None
    assert first.initial.ls_distance == 0
    assert first.initial.valid_score == result.dense.final.valid_score


def test_scores_are_computed_once_and_again_if_their_file_is_damaged(tmp_path: Path) -> None:
    changes = ALIKE | {"dense_start.space.criterion": ("taylor",), "dense_start.search.screen": 1}
    found(tmp_path / "run", **changes)
    folder = RunFolder(tmp_path / "run")
    (scores,) = folder.dense.path.glob("taylor-*.safetensors")
    before = scores.read_bytes()
    scores.write_bytes(b"cut off")
    (folder.path / "result.json").rename(tmp_path / "result.json")
    for path in folder.candidate(0).path.glob("*"):
        path.unlink()
    run(families(**changes), folder.path)
    assert scores.read_bytes() == before
    assert (folder.path / "result.json").read_bytes() == (tmp_path / "result.json").read_bytes()


def test_teachers_and_scales_share_masks(whole: Path) -> None:
    """The seed of the masks knows nothing of distillation, its temperature, or the scale of weights."""
    space = SpaceConfig(distillation=(0.0, 0.5), weight_scale=("dense", "fan_in"), learning_rate=(1.0, 2.0))
    params = {"sparse_init": "er", "death": "set", "growth": "random", "redistribution": "none"}
    params |= {"decay": "cosine", "update_interval": "epoch", "death_rate": 0.4}
    choices = [
        space.choice(params | {"distillation": a, "weight_scale": scale, "learning_rate": rate}, 0.3)
        for a in (0.0, 0.5)
        for scale in ("dense", "fan_in")
        for rate in (1.0, 2.0)
    ]
    assert len({choice.key() for choice in choices}) == 8
    assert len({choice.variant.mask_key() for choice in choices}) == 1


def test_a_temperature_without_a_teacher_is_no_other_network() -> None:
    space = SpaceConfig(distillation=(0.0, 0.5), temperature=(1.0, 2.0))
    params = next(iter(space.example_choices(0.3))).variant
    plain = [space.choice({"distillation": 0.0, "temperature": t}, 0.3) for t in (1.0, 2.0)]
    assert params.density == 0.3
    assert plain[0].key() == plain[1].key()


def test_factors_are_chosen_for_each_matrix_and_the_total_stays() -> None:
    space = DenseSpace().model_copy(update={"matrices": ("a.weight", "b.weight")})
    names = [dimension.name for dimension in space.dimensions]
    assert names[-2:] == ["density_factor:a.weight", "density_factor:b.weight"]
    choice = next(iter(space.example_choices(0.3)))
    assert dict(choice.variant.density_factors) == {"a.weight": 0.5, "b.weight": 0.5}


def test_a_ranking_of_all_weights_finds_counts_itself() -> None:
    """So the choice of first counts has no effect there, and is not refused."""
    space = DenseSpace(criterion=("global_magnitude",))
    one, other = (space.variant({"sparse_init": name, "death_rate": 0.0}, 0.3) for name in ("uniform", "er"))
    assert one.key() == other.key()


def test_screening_leaves_as_many_as_it_says() -> None:
    plan = Rounds(PlanSettings(40, 0, 2, 3, 10, screened=5))
    assert (plan.step(0, 0, 40, 38).kept, plan.step(0, 0, 40, 38).until) == (5, 2)
    assert plan.step(0, 2, 5, 5).kept == 3
    assert plan.step(0, 0, 40, 1).last


def test_without_its_family_a_dense_start_has_no_effect() -> None:
    """So a preset with both families can be searched as published."""
    config = families(families=("scratch",))
    assert [family.name for family in config.each_family] == ["scratch"]
    assert "dense_start" not in config.model_dump()
    with pytest.raises(ConfigurationError, match="describes candidates that families does not name"):
        configure("ptb-lstm", values={"dense_start.epochs": 3})


def test_a_folder_alone_imports_no_metric_of_either_family(tmp_path: Path) -> None:
    config = families(**{"dense_start.search.metric": "no_such_module:metric"})
    with RunFolder(tmp_path / "run").held(config):
        pass
    with pytest.raises(ConfigurationError, match="imports no code"):
        resumed_search(tmp_path / "run", {})


def test_a_resumed_search_says_how_far_both_families_are(tmp_path: Path, whole: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    said = where_it_starts(tmp_path / "run", RunFolder(whole).config())
    assert said is not None
    assert said.startswith("resuming: 9 of 9 candidates known")


class Ended(BaseException):
    """Stands for a process that ends here."""


def test_a_report_of_a_search_under_way_has_both_families(tmp_path: Path) -> None:
    heard: list[CandidateEnded] = []

    def listen(event: Event) -> None:
        if isinstance(event, CandidateEnded):
            heard.append(event)
        if getattr(event, "name", "") == "dense, finals":
            raise Ended

    with pytest.raises(Ended):
        run(families(), tmp_path / "run", listener=listen)
    dense = next(family for family in families().each_family if family.from_dense)
    numbers = range(dense.first, dense.first + dense.pool.candidates)
    told = [event.measured for event in heard if event.number in numbers and event.measured]
    assert {name for name, _ in told} == {"ls"}, "a rank is of those that happen to be there"
    assert len({value for _, value in told}) > 1
    findings = gather(RunFolder(tmp_path / "run"))
    assert [candidate.name for candidate in findings.candidates] == [f"{n}" for n in range(9)]
    assert all(distance >= 0 for c in findings.candidates for distance in c.ls_distance)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"families": ("dense", "dense")}, "names each family once"),
        (
            {"space.criterion": ("magnitude",), "space.weight_scale": ("dense",)},
            "candidates of .space. start from fresh ones",
        ),
        ({"dense_start.search.seeds": 2}, "all families have the same seeds"),
        ({"dense_start.epochs": 1, "dense_start.search.round_epochs": 2}, "beyond .dense_start. epochs = 1"),
        ({"search.screen": 2}, "search.screen is for the plan rounds with first_epochs 0"),
        ({"dense_start.space.distillation": (1.5,)}, r"a distillation must lie in \[0, 1\], got 1.5"),
        ({"dense_start.search.sampler": "grid"}, "grid"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        families(**values)


def test_a_copy_of_a_folder_knows_its_own_origin(tmp_path: Path, whole: Path) -> None:
    """Where a run lies is no part of what its candidates are."""
    shutil.copytree(whole, tmp_path / "moved")
    (tmp_path / "moved" / "result.json").unlink()
    run(families(), tmp_path / "moved")
    assert (tmp_path / "moved" / "result.json").read_bytes() == (whole / "result.json").read_bytes()


@pytest.mark.parametrize(
    ("order", "key", "other"),
    [
        (("dense", "scratch"), "search.candidates", "dense_start.search.candidates"),
        (("scratch", "dense"), "dense_start.search.candidates", "search.candidates"),
    ],
)
def test_the_last_family_can_be_extended(order: tuple[str, ...], key: str, other: str) -> None:
    """Further candidates take numbers that nobody has; before another family, they would take its numbers."""
    old = families(families=order)
    assert extended(old, {key: 20}).planned.exhaustive > old.planned.exhaustive
    with pytest.raises(ConfigurationError, match=f"further candidates of {other} would take the numbers of"):
        extended(old, {other: 20})


def test_candidates_of_a_family_that_a_run_does_not_have_are_not_added_in_silence() -> None:
    """With families = dense, --candidates 20 was taken, and nothing was trained."""
    with pytest.raises(
        ConfigurationError, match="belong to the family scratch, which this run does not have"
    ):
        extended(families(families=("dense",)), {"search.candidates": 20})


def test_every_shipped_search_with_families_can_be_extended_from_the_command_line() -> None:
    """Which has --candidates alone."""
    configured = [configure(name) for name in PRESETS]
    assert {c.families[-1] for c in configured} == {"scratch"}


def test_an_extended_dense_family_ends_as_one_from_nothing(tmp_path: Path, whole: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    more = {"dense_start.search.candidates": 8}
    extend(tmp_path / "run", more)
    run(families(**more), tmp_path / "fresh")
    assert (tmp_path / "run" / "result.json").read_bytes() == (
        tmp_path / "fresh" / "result.json"
    ).read_bytes()


@pytest.mark.parametrize("named", [True, 3, 0.5, {"dense": 1}, [3], ["dense", None], "", []])
def test_families_that_are_no_names_are_a_mistake_of_one_line(named: Any) -> None:
    """Found by benchmarks/fuzz.py: ``families = true`` beside [dense_start] was a traceback."""
    with pytest.raises(ConfigurationError, match="families"):
        validated(SearchConfig, {"families": named, "dense_start": {}})


@pytest.mark.parametrize("value", [True, 0.5, 3, "x", [], ["x"], [[]], {"x": 1}, None])
@pytest.mark.parametrize("key", [*SearchConfig.model_fields, "dense_start.space", "space.exclude"])
def test_no_value_of_any_table_is_a_traceback(key: str, value: Any) -> None:
    """Found by benchmarks/fuzz.py: ``dense_start = 0.5`` beside two families was one.

    What looks at tables before they are checked must not take them for tables.
    """
    tables = configure("ptb-lstm-small").model_dump(mode="json")
    assert "dense" in tables["families"]
    *path, last = key.split(".")
    inner = tables
    for name in path:
        inner = inner[name]
    inner[last] = value
    with suppress(ConfigurationError):
        validated(SearchConfig, tables)
