"""The evidence analysis: hand cases of selections, ceiling and ranks, and its tables from made-up records."""

import dataclasses
import importlib
import json
import math
import random
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperprune.search.plans import epochs
from hyperprune.search.plans.pool_budgets import planned_cost

EARLY = (1, 2, 3, 4, 5, 6, 8, 30)
COUNT = 12


def _record(number: int | None, seed: int, loss: list[float], ls: float) -> dict[str, Any]:
    """A record whose distances are ``ls`` at every epoch and in every convention."""
    spectra: Any = importlib.import_module("spectra")
    by = {f"{name}/{kind}": ls for name in spectra.CONVENTIONS for kind in spectra.KINDS}
    rules = {"sparse_init": "er", "death": "set", "redistribution": "none", "death_rate": 0.4}
    distances = {
        "same_epoch": {f"{epoch}": by for epoch in EARLY},
        "end": {f"{epoch}": by for epoch in EARLY},
        "every_epoch": {"l2": [ls] * 30, "wasserstein": [ls] * 30},
    }
    return {
        "piece": "dense" if number is None else f"variant-{number}",
        "number": number,
        "seed": seed,
        "variant": None if number is None else rules,
        "valid_loss": loss,
        "failure": None,
        "distances": None if number is None else distances,
        "clamped": {f"{epoch}": dict.fromkeys(spectra.CONVENTIONS, 0) for epoch in EARLY},
        "processor_seconds": {"training": 480.0, "spectra": 45.0},
    }


def _write(folder: Path, records: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for record in records:
        (folder / f"{record['piece']}-{record['seed']}.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Variant i ends i-th; LS distance says so from the start, loss the reverse until the end."""
    made = [_record(None, 0, [5.0] * 29 + [3.6], 0.0)]
    for number in range(COUNT):
        early = [5.0 - 0.01 * number] * 29
        made.append(_record(number, 0, [*early, 3.6 + 0.01 * number], 4.0 + number))
    made += [_record(number, 1, [3.7 + 0.01 * number] * 30, 4.0 - number) for number in range(4)]
    return _write(tmp_path / "records", made)


@pytest.fixture
def pool(records: Path) -> Any:
    return importlib.import_module("networks").load(records).candidates


def test_records_are_read_back(records: Path) -> None:
    _write(records, [_record(3, 2, [3.7, 3.5, 3.9], 1.0), {**_record(20, 0, [], 0), "failure": {"epoch": 1}}])
    networks = importlib.import_module("networks").load(records)
    assert [network.number for network in networks.candidates] == list(range(COUNT))
    assert networks.dense[0].final == pytest.approx(math.exp(3.6))
    assert networks.failed == ("variant-20",)
    assert set(networks.repeats) == {0, 1, 2, 3}
    assert networks.repeats[3][2] == pytest.approx(math.exp(3.5))  # at its best epoch


def test_a_metric_that_knows_the_end_ranks_it_and_loss_is_compared_with_it(pool: Any) -> None:
    early, ranking = (
        importlib.import_module("early"),
        importlib.import_module("hyperprune.search.metrics.rank_correlation"),
    )
    rows = early.rows(pool, ranking.resamples(len(pool), 50, 0))
    assert len(rows) == len(early.metrics()) * len(early.EPOCHS) == (1 + 20 + 3) * 7
    found = {row.metric: row for row in rows if row.epoch == 3}
    assert found[early.LS].spearman.value == pytest.approx(1)
    assert found[early.LS].kendall.value == pytest.approx(1)
    assert found[early.LOSS].spearman.value == pytest.approx(-1)
    assert found[early.LS].over_loss.value == pytest.approx(2)
    assert found[early.LOSS].over_loss.value == 0


def test_a_distance_is_of_what_is_alive_and_a_null_of_earlier_records_ranks_last(records: Path) -> None:
    """By the paper's conventions a dead unit has log 0; distances were infinite then, null in a record."""
    spectra, early = importlib.import_module("spectra"), importlib.import_module("early")
    dead, dense = torch.tensor([-1.0, -math.inf]), torch.tensor([-1.0, -2.0])
    assert spectra.rounded(dead, dense, "l2") == 0
    assert spectra.rounded(dead, dense, "wasserstein") == pytest.approx(math.sqrt(0.5))
    assert spectra.rounded(dense, dense + 1, "wasserstein") == pytest.approx(1)
    record = _record(0, 0, [5.0] * 30, 1.0)
    record["distances"]["same_epoch"]["3"] = {**record["distances"]["same_epoch"]["3"], "paper/l2": None}
    _write(records, [record])
    candidates = importlib.import_module("networks").load(records).candidates
    values = early.ls("paper", "l2", "same_epoch")(candidates, 3)
    assert max(values) == values[0] < math.inf


def test_weighted_ranks_by_hand(pool: Any) -> None:
    """Of three variants, ranks by LS 1 2 3 and by loss 3 2 1."""
    early = importlib.import_module("early")
    assert early.weighted_rank(0.25)(pool[:3], 3) == [2.5, 2.0, 1.5]
    assert early.weighted_rank(0.5)(pool[:3], 3) == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("size", [3, 7, COUNT])
@pytest.mark.parametrize("each", [1, 2, 3])
def test_a_replayed_halving_costs_what_the_search_plans(pool: Any, size: int, each: int) -> None:
    replay, early = importlib.import_module("replay"), importlib.import_module("early")
    found = replay.halving(pool[:size], early.default_ls("l2"), each)
    assert found.cost == planned_cost(size, each, each, 30).search
    assert (found.regret, found.place) == (0, 1)


def test_loss_halving_keeps_what_it_holds_for_the_best(pool: Any) -> None:
    """Here the last two, so the better one of these: the last but one of all."""
    replay, early = importlib.import_module("replay"), importlib.import_module("early")
    found = replay.halving(pool, early.loss, 3)
    best, chosen = math.exp(3.6), math.exp(3.6 + 0.01 * (COUNT - 2))
    assert found.regret == pytest.approx(chosen - best)
    assert found.place == COUNT - 1


def test_hyperband_costs_what_it_plans_and_finds_what_loss_shows(pool: Any) -> None:
    """Whatever the brackets get, a loss in the order of the end leads to the best."""
    replay = importlib.import_module("replay")
    telling = [dataclasses.replace(n, valid_loss=(n.valid_loss[-1],) * 30) for n in pool]
    planned = epochs(replay.plan_for("hyperband", COUNT, 1))
    for seed in range(5):
        found = replay.hyperband(telling, random.Random(seed))
        assert (found.regret, found.cost) == (0, planned)
    assert COUNT < planned < 30 * COUNT


def test_random_choice_and_training_all(pool: Any) -> None:
    replay = importlib.import_module("replay")
    finals = [network.final for network in pool]
    one = replay.drawn(pool, 1)
    assert one.regret == pytest.approx(sum(finals) / COUNT - min(finals))
    assert (one.cost, one.place) == (30, pytest.approx((COUNT + 1) / 2))
    everything = replay.outcome(replay.replays()[-1], pool)
    assert (everything.regret, everything.cost, everything.place) == (0, 30 * COUNT, 1)
    assert replay.drawn(pool, COUNT).regret == pytest.approx(0)
    assert replay.drawn(pool, COUNT + 1) == replay.drawn(pool, COUNT)


def test_subpools_are_the_same_for_every_search(pool: Any) -> None:
    replay = importlib.import_module("replay")
    known = {r.name: replay.over_subpools(r, pool) for r in replay.replays()}
    assert known["LSH, 3 + 3 epochs"].regret == 0  # LS knows the order, in every sub-pool
    assert known["all trained"].cost == 30 * 8
    assert known["loss halving, 3 + 3 epochs"].regret > known["random, 2 trained"].regret > 0


def test_ceiling_by_hand() -> None:
    """Groups (1, 3) and (5, 7): within 2, between (16 - 2) / 2 = 7, reliability 7 / 9."""
    ceiling = importlib.import_module("ceiling").ceiling
    found = ceiling({0: {0: 1.0, 1: 3.0}, 1: {0: 5.0, 1: 7.0}}, 10)
    assert (found.within**2, found.between**2, found.reliability) == pytest.approx((2, 7, 7 / 9))
    assert (found.pairs, found.mean["spearman"]) == (
        {},
        None,
    )  # two variants have no rank correlation to speak of
    assert ceiling({0: {0: 1.0, 1: 3.0}}, 10) is None


def test_ceiling_of_noise_and_of_certainty() -> None:
    ceiling = importlib.import_module("ceiling").ceiling
    noise = ceiling({0: {0: 1.0, 1: 3.0}, 1: {0: 3.0, 1: 1.0}, 2: {0: 2.0, 1: 2.0}}, 10)
    assert (noise.between, noise.reliability) == (0, 0)
    assert noise.mean["spearman"] == pytest.approx(-1)
    sure = ceiling({n: {0: float(n), 1: float(n) + 0.01, 2: float(n)} for n in range(5)}, 10)
    assert sure.reliability > 0.999
    assert sure.mean == pytest.approx({"spearman": 1, "kendall": 1})
    assert set(sure.pairs) == {(0, 1), (0, 2), (1, 2)}


def test_what_ranks_the_finals_of_its_own_seed_by_hand(records: Path) -> None:
    """LS distance is the same with both seeds, right for the first alone; the loss for the second."""
    seeds = importlib.import_module("seeds")
    ends = ([3.1, 3.2, 3.3, 3.4], [3.4, 3.3, 3.2, 3.1])
    for seed, end in enumerate(ends):
        _write(records, [_record(n, seed, [5.0 - 0.1 * n] * 29 + [end[n]], 1.0 + n) for n in range(4)])
    networks = importlib.import_module("networks").load(records)
    found = {(o.metric, o.epoch): o for o in seeds.own_finals(networks, 200)}
    assert len(found) == 2 * len(seeds.EPOCHS)
    ls, loss = found[seeds.LS, 3], found[seeds.LOSS, 3]
    assert (ls.by_seed, loss.by_seed) == (pytest.approx({0: 1, 1: -1}), pytest.approx({0: -1, 1: 1}))
    assert (ls.mean.value, ls.over_loss.value) == pytest.approx((0, 0))
    repeated = {(r.metric, r.epoch): r for r in seeds.repeatability(networks)}
    assert repeated[seeds.LS, 3].spearman == pytest.approx(1)
    assert repeated[seeds.LS, 3].reliability == pytest.approx(1)


def test_a_mean_over_seeds_resamples_variants_and_not_networks(records: Path) -> None:
    """Two seeds that are copies of each other have the interval of one."""
    seeds, early = importlib.import_module("seeds"), importlib.import_module("early")
    ranking = importlib.import_module("hyperprune.search.metrics.rank_correlation")
    ends = [3.2, 3.1, 3.5, 3.3, 3.4, 3.9]
    for seed in (0, 1):
        _write(records, [_record(n, seed, [5.0 - 0.1 * (n % 4)] * 29 + [ends[n]], 1.0 + n) for n in range(6)])
    networks = importlib.import_module("networks").load(records)
    (found,) = (o for o in seeds.own_finals(networks, 500) if (o.metric, o.epoch) == (seeds.LS, 3))
    pool = [n for n in networks.candidates if n.number < 6]
    weights = ranking.resamples(6, 500, 0)
    final, by_loss = [n.final for n in pool], early.loss(pool, 3)
    values = early.default_ls("l2")(pool, 3)
    for own, wanted in (
        (found.mean, ranking.estimate("spearman", values, final, weights)),
        (found.over_loss, ranking.difference("spearman", values, by_loss, final, weights)),
    ):
        assert dataclasses.astuple(own) == pytest.approx(dataclasses.astuple(wanted))


def test_seeds_are_compared_only_where_each_repeat_has_its_distances(records: Path) -> None:
    seeds = importlib.import_module("seeds")
    _write(records, [{**_record(2, 1, [3.7] * 30, 1.0), "distances": None}])
    networks = importlib.import_module("networks").load(records)
    assert seeds.own_finals(networks, 10) == []
    assert {r.metric for r in seeds.repeatability(networks)} == {seeds.LOSS}


def test_tables_and_figures_come_from_the_records_alone(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "pool.csv"
    table.write_text("trial,ls_distance,val_perplexity\n" + "".join(f"{i},{i},{9 - i}\n" for i in range(9)))
    analyse = importlib.import_module("analyse")
    for name, value in (("DRAWS", 40), ("EPOCHS", analyse.EPOCHS)):
        monkeypatch.setattr(analyse, name, value)
    monkeypatch.setattr(importlib.import_module("replay"), "SUBPOOLS", 5)
    monkeypatch.setattr(importlib.import_module("replay"), "DRAWS", 5)
    arguments = ["--records", str(records), "--published", str(table), "--figures", str(tmp_path / "png")]
    monkeypatch.setattr(sys, "argv", ["analyse.py", *arguments])
    analyse.main()
    printed = capsys.readouterr().out
    assert "17 networks of 43, 12 variants of 24 at seed 0" in printed
    assert "| published (PTB, 2 x 1500) | 9 | -1.00 [-1.00, -1.00] |" in printed
    assert "without variant 3: seeds differ by" in printed
    assert "ceiling: 4 variants, 8 networks" in printed
    assert "| loss: Spearman, mean over pairs of seeds | -1.00 | -1.00 |" in printed  # as made above
    assert "| ls hidden-forward l2, same epoch | 3 | 1.00 | -1.00 | 0.00 [0.00, 0.00] | 0.00 [" in printed
    assert f"death_rate: 0.4 {math.exp(3.655):.2f} (12)" in printed  # between the sixth and the seventh
    without_one = "LS 1.00 to 1.00, loss -1.00 to -1.00, difference 2.00 to 2.00"
    assert f"Spearman at epoch 3, any one variant left out: {without_one}" in printed
    assert len(list((tmp_path / "png").glob("evidence_*.png"))) == 3


def test_too_few_variants_rank_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there is listed, and the published pool needs none of it."""
    table = tmp_path / "pool.csv"
    table.write_text("ls_distance,val_perplexity\n" + "".join(f"{i},{i}\n" for i in range(9)))
    folder = _write(tmp_path / "few", [_record(n, 0, [3.0] * 30, 1.0) for n in range(3)])
    arguments = ["--records", str(folder), "--published", str(table)]
    monkeypatch.setattr(sys, "argv", ["analyse.py", *arguments])
    with pytest.raises(SystemExit, match="ranking needs 4"):
        importlib.import_module("analyse").main()
    printed = capsys.readouterr().out
    assert "3 networks of 43, 3 variants of 24" in printed
    assert "| published (PTB, 2 x 1500) | 9 | 1.00 [1.00, 1.00] |" in printed
    assert "here," not in printed
