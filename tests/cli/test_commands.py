"""train, evaluate, spectrum, data, --init, --extend and --json, as a person gives them."""

import json
import math
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from hyperprune.cli.table import completes, names
from hyperprune.corpora import DATASETS
from hyperprune.executors import EXECUTORS
from hyperprune.lyapunov import Spectrum
from hyperprune.optim import OPTIMIZERS
from hyperprune.search import PRESETS, RunFolder, configure
from hyperprune.search.config.baselines import BASELINES
from hyperprune.search.config.template import commented
from hyperprune.search.metrics.early import METRICS
from hyperprune.search.plans import PLANS
from hyperprune.search.samplers import SAMPLERS
from hyperprune.sparsity import DEATH, DECAY, GROWTH, METHODS, PATTERN, REDISTRIBUTION, SPARSE_INIT

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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small search, made by the command itself."""
    out = tmp_path_factory.mktemp("commands") / "run"
    given = [sys.executable, "-m", "hyperprune", "search", *SIZES, "--candidates", "3", "--out", str(out)]
    done = subprocess.run([*given, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json.loads((out / "result.json").read_text())
    return out


def test_evaluate_gives_what_the_search_found(command, run: Path) -> None:  # type: ignore[no-untyped-def]
    result = RunFolder(run).finished()
    for which, final in (([], result.finalists[0].final), (["--dense"], result.dense.final)):
        for part in ("valid", "test"):
            shown = json.loads(command("evaluate", run, *which, "--part", part, "--json").out)
            assert shown["perplexity"] == getattr(final, f"{part}_score")
            assert shown["loss"] == pytest.approx(math.log(shown["perplexity"]), rel=1e-12)
    best = run / result.dense.final.weights
    assert json.loads(command("evaluate", best, "--json").out)["perplexity"] == shown["perplexity"]
    words = command("evaluate", best.parent).out
    assert f"test perplexity {shown['perplexity']:.2f}" in words


def test_evaluate_reads_another_text_with_the_networks_vocabulary(command, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = tmp_path / "other.txt"
    text.write_text("the value of the object is the name of the class . zebra " * 60)
    shown = json.loads(command("evaluate", run, "--corpus", text, "--json").out)
    assert shown["tokens"] == 79
    assert 0 < shown["unknown_rate"] < 0.5


def test_spectrum_of_a_run_is_the_one_that_the_search_measured(command, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    result = RunFolder(run).finished()
    selected = result.finalists[0]
    assert selected.final is not None
    measured = RunFolder(run).candidate(selected.number).spectrum(selected.final.best_epoch)
    plot, saved = tmp_path / "plot.png", tmp_path / "spectrum.safetensors"
    shown = json.loads(command("spectrum", run, "--json", "--plot", plot, "--save", saved).out)
    assert shown["exponents"] == measured.mean.tolist()
    assert shown["layer"] == [1] * 10 + [2] * 10
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert torch.equal(Spectrum.load(saved).exponents, measured.exponents)
    words = command("spectrum", run)
    assert words.status == 0
    assert f"largest {measured.largest:.4f}" in words.out
    paper = json.loads(command("spectrum", run, "--dense", "--preset", "paper", "--json").out)
    assert (paper["unit"], paper["conventions"]["direction"]) == ("bits/step", "adjoint")
    two = json.loads(command("spectrum", run, "--k", 2, "--state", "full", "--batch", 3, "--json").out)
    assert (len(two["exponents"]), two["sequences"]) == (4, 3)


def test_the_command_tells_a_whole_state_from_h_alone(command) -> None:  # type: ignore[no-untyped-def]
    """Entropy and dimension are of (h, c); a run's own convention, and the preset's, is h."""
    given = ["spectrum", "demo", "--hidden", 6, "--embedding", 5, "--json"]
    hidden, full, paper, turned = (
        json.loads(command(*given, *more).out)
        for more in (
            [],
            ["--state", "full"],
            ["--preset", "paper"],
            ["--preset", "paper", "--direction", "forward", "--state", "full"],
        )
    )
    assert (hidden["conventions"]["state"], hidden["entropy"]) == ("hidden", None)
    assert (paper["conventions"]["state"], paper["kaplan_yorke_dimension"]) == ("hidden", None)
    assert full["entropy"] >= 0
    assert full["kaplan_yorke_dimension"] >= 0
    assert (full["dead"], full["rounded"]) == (0, 0)
    assert (turned["conventions"]["direction"], turned["conventions"]["state"]) == ("forward", "full")
    rhn = json.loads(
        command("spectrum", "rhn", "--hidden", 6, "--embedding", 6, "--preset", "paper", "--json").out
    )
    assert rhn["conventions"]["direction"] == "forward"


def test_spectrum_of_an_untrained_network(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The same seed gives the same weights, whether the model is a kind, a preset or a file."""
    sizes = ["--hidden", 6, "--embedding", 5, "--seed", 3, "--json"]
    kind = json.loads(command("spectrum", "stacked-lstm", "--corpus", "python-docs", *sizes).out)
    preset = json.loads(command("spectrum", "demo", *sizes).out)
    file = tmp_path / "model.toml"
    file.write_text("seed = 3\n[model]\nhidden = 6\nembedding = 5\n")
    read = json.loads(command("spectrum", file, "--json").out)
    assert kind["exponents"] == preset["exponents"] == read["exponents"]
    assert len(kind["exponents"]) == 12
    other = json.loads(command("spectrum", "demo", *sizes[:4], "--seed", 4, "--json").out)
    assert other["exponents"] != kind["exponents"]
    assert "or for an untrained network one of demo" in command("spectrum", "transformer").mistake
    assert "is fixed in a trained network" not in command("spectrum", "transformer", "--hidden", 3).mistake


def test_a_training_that_learned_nothing_says_so(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shown = command("train", *SIZES, "--dense", "--learning-rate", 1e-9, "--out", tmp_path / "run").out
    assert "Not learned: no better than" in " ".join(shown.split())
    assert "frequencies alone" in " ".join(shown.split())


def test_train_ends_and_is_not_done_again(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    given = ["train", *SIZES, "--method", "set", "--sparsity", "0.9", "--out", out, "--json"]
    first = json.loads(command(*given).out)
    assert first == json.loads((out / "result.json").read_text())
    assert first["epochs"] == 3
    assert first["density"] == pytest.approx(0.1, abs=1e-3)
    written = {p: p.stat().st_mtime_ns for p in out.rglob("*.safetensors")}
    assert json.loads(command(*given).out) == first
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.safetensors")} == written
    shown = json.loads(command("evaluate", out, "--json").out)
    assert shown["perplexity"] == first["test_score"]
    line = command(*given, "--method", "rigl").mistake
    assert "variant.method is 'set' there, 'rigl' here" in line
    assert "holds a training: use hyperprune train" in command("search", "--out", out).mistake


def test_trained_dense_network_is_the_searchs_dense_reference(command, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The same recipe and seed: the same weights."""
    shown = json.loads(command("train", *SIZES, "--dense", "--out", tmp_path / "dense", "--json").out)
    final = RunFolder(run).finished().dense.final
    assert shown["test_score"] == final.test_score
    assert shown["live"] == final.live


def test_characters(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = tmp_path / "text.txt"
    text.write_text("so it goes.\n" * 200)
    out = tmp_path / "run"
    given = ["--corpus", text, "--level", "character", "--hidden", 6, "--epochs", 1, "--out", out, "--json"]
    assert command("train", *given).status == 0
    counted = json.loads(command("data", "stats", text, "--level", "character", "--json").out)
    assert counted["vocabulary"] == 9
    assert counted["parts"]["train"]["longest_line"] == 11
    words = command("data", "stats", text)
    assert "3 tokens" in words.out


def test_extend(command, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    own = tmp_path / "run"
    shutil.copytree(run, own)
    shown = json.loads(command("search", "--out", own, "--extend", "--metric", "loss", "--json").out)
    assert shown["metric"] == "loss"
    assert (own / "report.html").exists()
    assert (own / "report-1.html").exists()
    assert (
        "takes no --preset or --config"
        in command("search", "--preset", "python-docs", "--extend", "--out", own).mistake
    )
    assert "not a run folder" in command("search", "--extend", "--out", tmp_path / "nowhere").mistake


def test_init_writes_what_the_same_command_would_search(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """It wrote the library's defaults where hyperprune search runs the demo."""
    path = tmp_path / "config.toml"
    assert command("search", "--init", path).status == 0
    assert configure(None, path) == configure("demo")
    text = path.read_text()
    for key in ("sparsity", "max_vocabulary", "milestones", "direction", "death_rate", "startup", "device"):
        assert any(line.removeprefix("# ").startswith(f"{key} = ") for line in text.splitlines()), key


@pytest.mark.parametrize("name", PRESETS)
def test_commented_presets_come_back(name: str) -> None:
    config = configure(
        name, None, {"space.death_rate": {"low": 0.1, "high": 0.5}, "corpus.source": 'a "b"\\'}
    )
    text = commented(config, "one\ntwo")
    assert type(config).model_validate(tomllib.loads(text)) == config
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_and_suggestions(shell: str, tmp_path: Path) -> None:
    """What the shell calls when a person presses Tab."""
    environment = os.environ | {"_HYPERPRUNE_COMPLETE": f"source_{shell}"}
    python = [sys.executable, "-c", "from hyperprune.cli import main; main()"]
    script = subprocess.run(python, env=environment, capture_output=True, text=True, check=True).stdout
    assert "_HYPERPRUNE_COMPLETE" in script
    environment |= {"_HYPERPRUNE_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    environment["COMP_WORDS"] = "hyperprune search --preset "
    found = subprocess.run(python, env=environment, capture_output=True, text=True, check=False).stdout
    assert found.split() == list(PRESETS)


def test_tab_offers_what_there_is() -> None:
    """The lists are copies, because the registries take seconds to import."""
    registries = {
        "recipe.optimizer": OPTIMIZERS,
        "search.metric": METRICS,
        "search.plan": PLANS,
        "search.sampler": SAMPLERS,
        "variant.method": METHODS,
        "variant.sparse_init": SPARSE_INIT,
        "variant.death": DEATH,
        "variant.growth": GROWTH,
        "variant.redistribution": REDISTRIBUTION,
        "variant.decay": DECAY,
        "variant.pattern": PATTERN,
        "space.pattern": PATTERN,
        "runtime.executor": EXECUTORS,
        "preset": PRESETS,
        "baseline": BASELINES,
        "data": DATASETS,
    }
    for role, registry in registries.items():
        assert names(role) == sorted(registry), role
    assert completes("variant.death")("m") == ["magnitude"]


@pytest.mark.parametrize("width", ["80", "100"])
def test_spectrum_fits_the_terminal(run: Path, width: str) -> None:
    """No number is cut; the curve beside them takes what is left."""
    command = [sys.executable, "-m", "hyperprune", "spectrum", str(run)]
    environment = os.environ | {"COLUMNS": width}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    table = [line for line in shown.splitlines() if line[:1] in "┃│"]
    assert table
    assert all(len(line) <= int(width) and "…" not in line for line in table)


def test_help_loads_nothing_heavy() -> None:
    """--help and completion answer at once: torch alone takes seconds."""
    code = (
        "import sys\nsys.argv = ['hyperprune', 'search', '--help']\nfrom hyperprune.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'optuna', 'matplotlib', 'numpy', 'pooch'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--extend" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "[]"
