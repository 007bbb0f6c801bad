"""``hyperprune compare``: the table, the record, the picture, and what it refuses."""

import json
from pathlib import Path

import pytest

SMALL = {
    "corpus.max_train_tokens": 1200,
    "corpus.max_vocabulary": 60,
    "model.embedding": 6,
    "model.hidden": 8,
    "recipe.epochs": 3,
    "spectrum.batch": 2,
    "spectrum.steps": 5,
    "search.candidates": 4,
    "search.startup": 2,
}


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The rounds on loss, everyone trained to the end, and a search of another text."""
    from hyperprune.search import configure, run

    place = tmp_path_factory.mktemp("searches")
    wanted = {
        "rounds": configure("python-docs", None, {**SMALL, "search.metric": "loss"}),
        "everyone": configure("python-docs", None, SMALL, baseline="exhaustive"),
        "other": configure(
            "python-docs", None, {**SMALL, "corpus.max_train_tokens": 1300, "search.candidates": 1}
        ),
    }
    for name, config in wanted.items():
        run(config, place / name)
    return [place / name for name in wanted]


def test_record_table_and_picture(command, searches: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    picture = tmp_path / "compare.png"
    shown = command("compare", *searches[:2], "--plot", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    record = json.loads(command("compare", *searches[:2], "--json").out)
    assert [run["name"] for run in record["runs"]] == ["rounds", "everyone"]
    assert [run["plan"] for run in record["runs"]] == ["rounds", "full"]
    for run in record["runs"]:
        assert f"{run['valid_score']:.2f}" in shown.out
        assert run["seconds"] > 0
        assert run["regret"] >= 0
    assert record["runs"][0]["epochs"] < record["runs"][1]["epochs"], "loss is not charged the dense network"
    finals = {row["candidates"] for row in record["early"]}
    assert finals <= set(range(4, 9))


def test_another_text_is_refused(command, searches: list[Path]) -> None:  # type: ignore[no-untyped-def]
    line = command("compare", searches[0], searches[2]).mistake
    assert line.startswith("rounds and other cannot be compared: corpus.max_train_tokens is 1200 in the one")


def test_a_picture_is_not_overwritten(command, searches: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    there = tmp_path / "compare.png"
    there.write_text("mine")
    assert "exists already" in command("compare", *searches[:2], "--plot", there).mistake
    assert there.read_text() == "mine"
    assert "a plot is a .png" in command("compare", *searches[:2], "--plot", tmp_path / "compare.txt").mistake


def test_a_folder_without_a_finished_search(command, searches: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "is not a run folder" in command("compare", searches[0], tmp_path).mistake
