"""Mistakes that people make: one line, exit status 2, nothing written or overwritten."""

import json
import shutil
from pathlib import Path

import pytest

_SIZES = {
    "--preset": "python-docs",
    "--hidden": "10",
    "--embedding": "8",
    "--max-train-tokens": "2000",
    "--max-vocabulary": "100",
    "--epochs": "3",
    "--learning-rate": "5",
}
SIZES = [word for pair in _SIZES.items() for word in pair]
SEARCH = ["search", *SIZES, "--candidates", "3"]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small search."""
    from hyperprune.search import configure, run

    folder = tmp_path_factory.mktemp("searched") / "run"
    values = {
        "model.hidden": 10,
        "model.embedding": 8,
        "corpus.max_train_tokens": 2000,
        "corpus.max_vocabulary": 100,
        "recipe.epochs": 3,
        "recipe.learning_rate": 5.0,
        "search.candidates": 3,
    }
    run(configure("python-docs", None, values), folder)
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--preset", "dmeo"], "unknown preset 'dmeo': choose one of demo, "),
        (["--sparsity", "1.2"], "sparsity: input should be less than 1, got 1.2"),
        (["--sparsity", "nan"], "sparsity: "),
        (["--metric", "best"], "unknown metric 'best': choose one of covariance, loss"),
        (["--metric", "mine.py"], "unknown metric 'mine.py': choose one of covariance, loss, ls, rank"),
        (["--metric", "mine:"], "a metric of your own is package.module:function, got 'mine:'"),
        (["--metric", "not_there:f"], "cannot find the metric not_there:f (ModuleNotFoundError"),
        (["--sampler", "tree"], "unknown sampler 'tree': choose one of cma-es, gp, grid, qmc, random, tpe"),
        (["--sampler", "cma-es"], "cma-es searches ranges, and this space has none: give one such as"),
        (["--sampler", "grid", "--candidates", "99"], "the grid of this space has 60 points"),
        (["--plan", "all"], "unknown plan 'all': choose one of full, halving, hyperband, rounds"),
        (["--plan", "hyperband"], "the brackets of hyperband are measured at different epochs, which tpe"),
        (["--plan", "halving", "--first-epochs", "0"], "the plan halving multiplies epochs, so"),
        (["--seeds", "0"], "search.seeds: input should be greater than or equal to 1, got 0"),
        (["--baseline", "asha"], "unknown baseline 'asha': choose one of exhaustive, halving, hyperband"),
        (
            ["--baseline", "random", "--budget", "2"],
            "a candidate trains 10 epochs in each of 1 trainings, and the budget is 2",
        ),
        (["--budget", "9"], "a budget belongs to a baseline, and none is given with 9"),
        (["--baseline", "random", "--extend"], "--extend adds to the search that is there"),
        (["--optimizer", "sdg"], "unknown optimiser 'sdg': choose one of"),
        (["--epochs", "1"], "the rounds train up to epoch"),
        (["--hidden", "0"], "model.hidden: input should be greater than or equal to 1, got 0"),
        (["--hidden", "many"], "Invalid value for '--hidden'"),
        (["--hidden", "100000000000"], "model.hidden: "),
        (["--learning-rate", "inf"], "recipe.learning_rate: input should be a finite number"),
        (["--device", "gpu"], "there is no device 'gpu' here: give cpu"),
        (["--threads", "1000000"], "runtime.threads: "),
        (["--candidate", "3"], "No such option: --candidate"),
        (["--config", "nowhere.toml"], "cannot read nowhere.toml"),
        (["--corpus", "nowhere"], "there is no corpus 'nowhere': give a folder with train.txt"),
        (["--level", "letter"], "corpus.level: input should be 'word' or 'character', got 'letter'"),
        (["--batch", "100000"], "the training part has"),
    ],
)
def test_options_of_a_search(command, tmp_path: Path, options: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    line = command("search", "--out", out, *options).mistake
    assert line.startswith(says)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--death", "age"], "unknown death rule 'age': choose one of"),
        (["--method", "rigel"], "unknown method 'rigel': choose one of"),
        (["--death-rate", "1"], "death_rate must lie in [0, 1), got 1.0: give a fraction such as 0.5"),
        (["--update-interval", "0"], "update_interval must be"),
        (["--dense", "--death", "set"], "--dense prunes nothing, got --death too"),
        (["--growth", "momentum"], "growth 'momentum'"),
        (["--method", "gradual_magnitude", "--growth", "gradient"], "only removes weights"),
    ],
)
def test_options_of_a_training(command, tmp_path: Path, options: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    line = command("train", *SIZES, "--out", out, *options).mistake
    assert says in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[recipe]\nepoch = 3\n", "unknown key recipe.epoch"),
        ("a = = 1\n", "is not TOML"),
        ("a = " + "[" * 5000, "is not TOML: it is nested too deeply"),
        ("seed = " + "9" * 5000, "is not TOML"),
        ("sparsity = [1]\n", "sparsity: input should be a valid number, got [1]"),
        ("model = 3\n", "model: "),
        ("[space]\ndeath = []\n", "space.death: "),
        ('[space]\ndeath = ["age"]\n', "unknown death rule 'age'"),
        ("[space]\ndeath_rate = { low = 0.9, high = 0.1 }\n", "a range goes up"),
        ("[space]\ndeath_rate = []\n", "space.death_rate"),
        (f'[corpus]\nsource = "{"x" * 10**6}"\n', "'xxx"),
        ("\0", "is not TOML"),
        (".".join("a" * 20_000) + " = 1\n", "is not TOML: it has a key of more than 50 parts"),
        ("x = { " + ".".join(["'b'"] * 9_000) + " = 1 }\n", "is not TOML: it has a key of more than 50"),
        ("a = 1\n" * 10**6, "6,000,000 bytes are more than the 4,000,000 it may have"),
    ],
)
def test_configuration_files(command, tmp_path: Path, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "c.toml"
    file.write_text(text)
    line = command("search", "--config", file, "--out", tmp_path / "run").mistake
    assert says in line
    assert len(line) < 700
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("valid", "says"),
    [
        (None, "lacks valid.txt: add it"),
        (b"", "is empty: put text into it"),
        (b"a b\n", "the validation part has 3 tokens, too few for a batch of 10"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a text file (it holds zero bytes)"),
        (b"caf\xe9 noir\n" * 99, "is not UTF-8 (byte 3 cannot be read): convert it"),
        (b"x" * 10**7, "has a word of 10,000,000 characters in line 1"),
        (b"a b c d e\n" * 30, "the spectrum needs 45 tokens in each of 5 columns"),
    ],
)
def test_corpora(command, tmp_path: Path, valid: bytes | None, says: str) -> None:  # type: ignore[no-untyped-def]
    """All of it is found before a network trains, the text that is too short for the spectrum included."""
    folder = tmp_path / "text"
    folder.mkdir()
    for part in ("train", "test"):
        (folder / f"{part}.txt").write_text("a b c d e f\n" * 500)
    if valid is not None:
        (folder / "valid.txt").write_bytes(valid)
    line = command("search", "--corpus", folder, "--out", tmp_path / "run").mistake
    assert says in line
    assert not (tmp_path / "run").exists()


def test_run_folders(command, tmp_path: Path, searched: Path) -> None:  # type: ignore[no-untyped-def]
    before = _contents(searched)
    line = command(*SEARCH, "--seed", "7", "--out", searched).mistake
    assert "holds a run of another configuration (seed is 1 there, 7 here): give another --out" in line
    assert "--extend" not in line
    line = command(*SEARCH[:-1], "6", "--out", searched).mistake
    assert "search.candidates is 3 there, 6 here" in line
    assert line.endswith("add --extend")
    assert "holds a search" in command("train", *SIZES, "--out", searched).mistake
    assert _contents(searched) == before
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        assert "a file of that name is in the way" in command(*SEARCH, "--out", out).mistake
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    assert "thesis.tex" in command(*SEARCH, "--out", tmp_path / "mine").mistake
    assert "not a run folder" in command("report", tmp_path / "nowhere").mistake
    assert "Is a directory" not in command(*SEARCH, "--out", "x" * 300).mistake


def test_checkpoints(command, tmp_path: Path, searched: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("evaluate", "spectrum"):
        assert "does not exist" in command(name, tmp_path / "epoch-0001.safetensors").mistake
        assert "does not exist" in command(name, tmp_path / "nowhere").mistake
        assert "neither a checkpoint" in command(name, tmp_path).mistake
        assert "has no network of a candidate 9" in command(name, searched, "--candidate", "9").mistake
        assert "give either" in command(name, searched, "--candidate", "1", "--dense").mistake
    lone = tmp_path / "epoch-0003.safetensors"
    (whole,) = sorted((searched / "dense").glob("epoch-0003.safetensors"))
    for suffix in (".safetensors", ".json"):
        shutil.copy(whole.with_suffix(suffix), lone.with_suffix(suffix))
    assert "give the text with --corpus" in command("evaluate", lone).mistake
    assert "--dense and --candidate choose" in command("evaluate", lone, "--dense").mistake
    text = tmp_path / "text.txt"
    text.write_text("каждый охотник желает знать\n" * 400)
    line = command("evaluate", lone, "--corpus", text).mistake
    assert "another vocabulary: 100% of the tokens" in line
    assert "unknown part 'tset'" in command("evaluate", searched, "--part", "tset").mistake
    data = bytearray(lone.read_bytes())
    data[len(data) // 2] ^= 1
    lone.write_bytes(data)
    for name in ("evaluate", "spectrum"):
        assert "is damaged" in command(name, lone, "--corpus", "python-docs").mistake
    lone.with_suffix(".json").write_text("[" * 100_000)
    assert "is damaged" in command("evaluate", lone, "--corpus", "python-docs").mistake


@pytest.mark.parametrize(
    "change", [{"vocabulary": 3}, {"vocabulary": [1]}, {"model": {"kind": "rnn2"}}, {"model": []}]
)
def test_checkpoint_of_an_unknown_kind(
    command, tmp_path: Path, searched: Path, change: dict[str, object]
) -> None:  # type: ignore[no-untyped-def]
    """Found by the fuzz run: whole by its hashes, and yet not a network of this version."""
    from hyperprune import files
    from hyperprune.training.stored import checkpoint

    weights = shutil.copy(searched / "dense/epoch-0003.safetensors", tmp_path)
    document = checkpoint.read_document(searched / "dense/epoch-0003.safetensors") | change
    record = files.sealed(document)
    (tmp_path / "epoch-0003.json").write_text(json.dumps(record))
    for name in ("evaluate", "spectrum"):
        line = command(name, weights, "--corpus", "python-docs").mistake
        assert "of a network that this version does not know" in line


def test_checkpoint_of_another_model_in_a_run(command, tmp_path: Path, searched: Path) -> None:  # type: ignore[no-untyped-def]
    """Somebody copied a larger network's checkpoint into the folder of a candidate."""
    larger = ["train", *SIZES, "--hidden", "12", "--dense", "--out", tmp_path / "larger"]
    assert command(*larger).status == 0
    run = tmp_path / "run"
    shutil.copytree(searched, run)
    (run / "result.json").unlink()
    for epoch in ("epoch-0002", "epoch-0003"):
        for suffix in (".safetensors", ".json"):
            shutil.copy(tmp_path / f"larger/network/{epoch}{suffix}", run / f"dense/{epoch}{suffix}")
    before = _contents(run)
    line = command(*SEARCH, "--out", run).mistake
    assert "is of another network" in line
    assert _contents(run) == before


def test_nothing_that_exists_is_overwritten(command, tmp_path: Path, searched: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("mine.toml", "mine.png", "mine.safetensors"):
        (tmp_path / name).write_text("mine")
    assert "exists already" in command("search", "--init", tmp_path / "mine.toml").mistake
    assert "exists already" in command("spectrum", searched, "--plot", tmp_path / "mine.png").mistake
    assert "exists already" in command("spectrum", searched, "--save", tmp_path / "mine.safetensors").mistake
    assert "a plot is a" in command("spectrum", searched, "--plot", tmp_path / "mine.bmp").mistake
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"] * 3


def test_no_command_shows_the_help(command) -> None:  # type: ignore[no-untyped-def]
    shown = command()
    assert (shown.status, shown.err.count("error")) == (2, 0)
    assert "Usage: hyperprune" in shown.out + shown.err
    assert "Did you mean 'search'" in command("serch").mistake
