"""Reports of a search whose candidates start from the dense network and are ranked before any training."""

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch

from hyperprune import reports
from hyperprune.reports.candidates import candidate_table
from hyperprune.reports.dashboard.stories import candidate_story, search_story
from hyperprune.reports.drawings import drawings, early_rankings
from hyperprune.reports.findings import DENSE, Findings
from hyperprune.reports.page import render
from hyperprune.reports.ranks import first_ranks
from hyperprune.reports.viewers import viewer_data
from hyperprune.search import RunFolder, SearchResult

Run = tuple[RunFolder, SearchResult]


@pytest.fixture(scope="module")
def findings(families: Run) -> Findings:
    return reports.gather(families[0])


def test_every_distance_is_that_of_the_two_spectra_that_are_drawn(findings: Findings) -> None:
    """Also where candidates are compared with the one network that they start from."""
    compared = 0
    for candidate in findings.distinct:
        beside = findings.compared(candidate.name)
        for epoch, own in findings.spectra[candidate.name].items():
            if epoch in findings.dead.get(candidate.name, {}) or candidate.distance_at(epoch) is None:
                continue
            assert candidate.distance_at(epoch) == pytest.approx(
                float(torch.dist(own, beside[epoch])), rel=1e-6
            )
            compared += 1
    assert compared > 2 * len(findings.distinct)


def test_candidates_of_the_dense_network_are_compared_with_its_best_epoch(
    families: Run, findings: Findings
) -> None:
    best = families[1].dense.final.best_epoch
    by_family = {c.family: c.origin for c in findings.distinct}
    assert by_family == {"dense": best, "scratch": None}
    data = viewer_data(findings)
    assert data["origin"] == {c.name: best for c in findings.distinct if c.family == "dense"}
    assert f"{best}" in data["spectra"][DENSE]
    started = next(c for c in findings.distinct if c.family == "dense")
    assert "0" in data["distance"][started.name]


def test_what_fell_untrained_is_in_the_table_with_what_it_was_measured_at(findings: Findings) -> None:
    table = candidate_table(findings)
    headings = [heading for heading, _ in table.columns]
    assert {"family", "criterion"} <= set(headings)
    assert "density schedule" not in headings, "no candidates of a family differ in it"
    place = {heading: headings.index(heading) for heading in headings}
    fell = [
        cells for network, cells in table.rows if network.epochs == 0 and network.standing == "eliminated"
    ]
    assert fell
    for cells in fell:
        for heading in ("first LS distance", "rank by LS", "rank by loss", "first valid ppl"):
            assert cells[place[heading]].text, heading
        assert cells[place["best valid ppl"]].text == ""
    untrained = [c for c in findings.distinct if c.first_epoch == 0]
    ranks = [cells[place["rank by loss"]].key for network, cells in table.rows if network in untrained]
    assert sum(map(float, ranks)) == len(ranks) * (len(ranks) + 1) / 2, "among their own family"


def test_rankings_are_named_by_their_family(families: Run, findings: Findings) -> None:
    first = early_rankings(findings)[0]
    assert first.epoch == 0
    assert first.bracket is not None
    assert findings.bracket_words(first.bracket - 1) == "from the dense network"
    page = render(findings, drawings(findings))
    assert "<td>from the dense network</td><td>0</td>" in page
    assert "before any training from the dense network, after epoch 1 from scratch" in page
    assert "as it was at that start. At epoch 0" in page
    assert "From the dense network" in page
    assert "From scratch" in page


def test_what_is_pruned_gradually_has_a_path_without_its_measure_at_once(findings: Findings) -> None:
    gradual = [c for c in findings.distinct if c.reached_gradually]
    assert any(c.epochs for c in gradual)
    for candidate in gradual:
        assert 0 in findings.spectra[candidate.name]
        assert (0 in findings.on_their_way[candidate.name]) is (candidate.epochs == 0)


def test_a_search_on_its_way_shows_the_same(families: Run, findings: Findings, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(families[0].path, copy)
    (copy / "result.json").unlink()
    so_far = reports.gather(RunFolder(copy))
    same = ("family", "first_epoch", "origin")
    for own, other in zip(so_far.candidates, findings.candidates, strict=True):
        assert all(getattr(own, name) == getattr(other, name) for name in same)
        if own.standing == "duplicate":
            continue
        for epoch in range(own.epochs + 1):
            for own_value, value in (
                (own.score_at(epoch), other.score_at(epoch)),
                (own.distance_at(epoch), other.distance_at(epoch)),
            ):
                assert (own_value is None) == (value is None), (own.name, epoch)
                assert own_value is None or own_value == pytest.approx(value, rel=1e-6), (own.name, epoch)


def test_stories_say_when_candidates_were_ranked(findings: Findings) -> None:
    story = search_story(findings)
    assert "from the dense network are ranked by `loss`" in story
    assert "an objective value is that before any training" in story
    rankings = {name: ranking for ranking in first_ranks(findings) for name in ranking.names}
    candidate = next(c for c in findings.distinct if c.first_epoch == 0)
    assert "Before any training: place" in candidate_story(findings, candidate, rankings[candidate.name])
    without = dataclasses.replace(findings, rounds=())
    assert "place" not in candidate_story(without, candidate, None)
