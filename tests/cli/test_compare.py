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


def test_a_training_stands_beside_a_search_and_has_a_report(  # type: ignore[no-untyped-def]
    command, searches: list[Path], tmp_path: Path
) -> None:
    """A training could neither be reported nor compared."""
    sizes = ["--max-train-tokens", 1200, "--max-vocabulary", 60, "--embedding", 6, "--hidden", 8]
    given = ["train", "--preset", "python-docs", *sizes, "--epochs", 2, "--method", "set"]
    assert command(*given, "--out", tmp_path / "net").status == 0
    shown = command("compare", searches[0], tmp_path / "net", "--plot", tmp_path / "both.png")
    assert shown.status == 0
    assert "net: set, " in shown.out
    record = json.loads(command("compare", searches[0], tmp_path / "net", "--json").out)
    assert [run["kind"] for run in record["runs"]] == ["search", "train"]
    line = command("compare", searches[2], tmp_path / "net").mistake
    assert line.startswith("other and net cannot be compared: corpus.max_train_tokens is 1300 in the one")
    assert command("report", tmp_path / "net").out.split() == [str(tmp_path / "net" / "report.html")]
    cited = json.loads(command("cite", tmp_path / "net", "--json").out)
    assert "MOCANU" in " ".join(paper["authors"].upper() for paper in cited)


def test_train_says_what_became_of_its_reference(command, searches: list[Path], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Trained on at a rate of nearly nothing, a dense network is level with itself."""
    weights = next((searches[1] / "dense").glob("epoch-*.safetensors"))
    sizes = ["--max-train-tokens", 1200, "--max-vocabulary", 60, "--embedding", 6, "--hidden", 8]
    given = ["train", *sizes, "--epochs", 1, "--learning-rate", "1e-12", "--dense", "--reference", weights]
    shown = command(*given, "--out", tmp_path / "net").out
    assert "Verdict: level with the dense network. Test perplexity equal" in shown
    assert "95 % interval" in shown
