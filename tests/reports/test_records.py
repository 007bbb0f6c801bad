"""What is computed before anything is drawn, on cases that a person can check by hand."""

import math
import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hyperprune import reports
from hyperprune.models import MODELS
from hyperprune.papers import LIU_2021
from hyperprune.reports.candidates import candidate_table
from hyperprune.reports.density import densities
from hyperprune.reports.figures import PALETTE
from hyperprune.reports.findings import NetworkRecord
from hyperprune.reports.pages.bibtex import bibtex
from hyperprune.reports.paths import spectral_paths
from hyperprune.reports.ranks import pearson, ranks, ranks_at
from hyperprune.reports.viewers import viewer_data
from hyperprune.search import RunFolder, SearchResult
from hyperprune.tasks import PERPLEXITY
from hyperprune.training.measuring.live_weights import live_weights

Run = tuple[RunFolder, SearchResult]


def test_ties_share_the_mean_of_their_places() -> None:
    assert ranks([3.0, 1.0, 3.0, 2.0]) == (3.5, 1.0, 3.5, 2.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_ranks_sum_to_that_of_the_places(values: list[float]) -> None:
    assert math.isclose(sum(ranks(values)), len(values) * (len(values) + 1) / 2)


def test_rank_correlation_by_hand() -> None:
    """Two neighbours swapped among four: 1 - 6 * 2 / (4 * 15)."""
    four = {"a": (1.0, 10.0), "b": (2.0, 20.0), "c": (3.0, 40.0), "d": (4.0, 30.0)}
    networks = [
        NetworkRecord(name, "eliminated", ls_distance=(ls,), valid_score=(ppl,), train_loss=(0.0,))
        for name, (ls, ppl) in four.items()
    ]
    found = ranks_at(networks, 1, PERPLEXITY)
    assert found.loss == (1.0, 2.0, 4.0, 3.0)
    assert found.correlation == pytest.approx(0.8, abs=1e-12)
    assert ranks_at(networks, 2, PERPLEXITY).names == ()
    assert pearson([1.0, 2.0], [1.0, 2.0]) is None
    assert pearson([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None


def test_spectra_in_a_plane_keep_their_distances() -> None:
    """Three points of a 3-4-5 triangle, in a space of five exponents."""
    corners = torch.zeros(3, 5, dtype=torch.float64)
    corners[1, 1], corners[2, 3] = 3.0, 4.0
    plane = spectral_paths({"dense": {1: corners[0], 2: corners[1]}, "0": {1: corners[2]}})
    assert plane is not None
    (_, *first), (_, *second) = plane.points["dense"]
    ((_, *third),) = plane.points["0"]
    assert math.dist(first, second) == pytest.approx(3, abs=1e-12)
    assert math.dist(first, third) == pytest.approx(4, abs=1e-12)
    assert math.dist(second, third) == pytest.approx(5, abs=1e-12)
    assert sum(plane.shares) == pytest.approx(1, abs=1e-12)


def test_paths_need_three_spectra_and_survive_equal_ones() -> None:
    same = torch.ones(4)
    assert spectral_paths({"dense": {1: same, 2: same}}) is None
    plane = spectral_paths({"dense": {1: same, 2: same, 3: same}})
    assert plane is not None
    assert plane.shares == (0.0, 0.0)


def test_gates_average_to_their_matrix_and_all_to_the_target(searched: Run) -> None:
    """Live weights of all blocks together are those that the search fixed."""
    findings = reports.gather(searched[0])
    for candidate in findings.distinct:
        for record in candidate.live_weights:
            sizes = findings.dense.live_weights[0]
            assert set(record) == set(sizes)
            total = sum(sizes.values())
            assert sum(record.values()) == math.floor(findings.config.density * total + 0.5)
    assert findings.leading is not None
    found = densities(findings.sizes, findings.leading)
    assert found is not None
    names = list(found.matrices)
    assert names[0] == "embedding.weight"
    assert names[1:3] == ["recurrent.weight_ih_l0", "recurrent.weight_hh_l0"]
    assert names[-1] == "decoder.weight"
    assert list(found.matrices["recurrent.weight_hh_l1"]) == ["input", "forget", "cell", "output"]


def test_density_without_a_record_is_left_out(searched: Run) -> None:
    """Runs of versions that did not record live weights by block are reported without that figure."""
    findings = reports.gather(searched[0])
    assert densities(findings.sizes, NetworkRecord("0", "eliminated", live_weights=({}, {}))) is None


def test_candidate_table_says_what_the_result_says(searched: Run) -> None:
    folder, result = searched
    table = candidate_table(reports.gather(folder))
    headings = [heading for heading, _ in table.columns]
    column = {heading: [cells[place] for _, cells in table.rows] for place, heading in enumerate(headings)}
    assert [cell.text for cell in column["no."]] == [str(c.number) for c in result.candidates]
    assert [c.key for c in column["standing"]] == [c.standing for c in result.candidates]
    for candidate, cell in zip(result.candidates, column["test ppl"], strict=True):
        assert cell.text == (f"{candidate.final.test_score:.2f}" if candidate.final else "")
    best = result.rounds[0].ranking[0]
    assert column["rank by LS"][best].key == 1


def test_patterns_have_a_column_where_candidates_differ_in_them(searched: Run) -> None:
    findings = reports.gather(searched[0])
    headings = [heading for heading, _ in candidate_table(findings).columns]
    assert "pattern" not in headings
    first, *others = findings.candidates
    blocks = replace(first, variant={**(first.variant or {}), "pattern": "16x1", "keep_diagonal": True})
    table = candidate_table(replace(findings, candidates=(blocks, *others)))
    columns = dict(table.columns)
    assert not columns["pattern"], "words, not numbers"
    place = [heading for heading, _ in table.columns].index("pattern")
    assert [cells[place].text for _, cells in table.rows] == ["16x1", *["1x1"] * len(others)]
    assert "keep diagonal" in columns


def test_viewers_hold_one_list_a_layer(searched: Run) -> None:
    data = viewer_data(reports.gather(searched[0]))
    assert data["sizes"] == [8, 8]
    assert data["networks"][0] == ["dense", "dense"]
    assert data["networks"][1] == [str(searched[1].selected), "selected"]
    assert [len(layer) for layer in data["spectra"]["dense"]["1"]] == [8, 8]


def test_bibtex_parts_people() -> None:
    entry = bibtex(LIU_2021)
    assert entry.startswith("@misc{liu2021,")
    assert "Liu, S. and Mocanu, D. C. and Pei, Y. and Pechenizkiy, M." in entry


def test_every_gate_of_every_kind_of_network_has_a_colour_of_its_own() -> None:
    """Also in the page, where a colour of the drawing is replaced by the one of the theme."""
    light = [pair[0] for pair in PALETTE.values()]
    assert len(set(light)) == len(light)
    for kind in MODELS:
        network = MODELS[kind](kind=kind, embedding=8, hidden=8).build(9)
        for block in live_weights(network, {}):
            gate = re.search(r"\[(.+)\]", block)
            assert gate is None or f"gate-{gate[1]}" in PALETTE, block
