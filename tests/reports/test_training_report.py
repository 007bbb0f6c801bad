"""The report of one network trained on its own: of a text, of a task of your own, from a reference."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_tasks
import torch

import hyperprune
from hyperprune import reports
from hyperprune.errors import RunFolderError
from hyperprune.reports.density import densities
from hyperprune.reports.training.findings import gather_training
from hyperprune.search import configure_training
from hyperprune.training import JobFolder, TrainingRun, train

TEXT = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 8,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    """A pruned network of a text."""
    path = tmp_path_factory.mktemp("text") / "run"
    train(configure_training("python-docs", None, {**TEXT, "variant.method": "set"}), path)
    return TrainingRun(path)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    """A task of the user's own, pruned and trained on from weights that were given."""
    folder = tmp_path_factory.mktemp("tuned")
    values: dict[str, Any] = {
        "task.object": "tiny_tasks:Tiny",
        "reference.checkpoint": str(tiny_tasks.trained_weights(folder)),
        "sparsity": 0.3,
    }
    train(configure_training(None, None, values), folder / "run")
    return TrainingRun(folder / "run")


def _page(run: TrainingRun) -> str:
    return reports.write(run).read_text(encoding="utf-8")


def _parts(page: str) -> list[str]:
    return re.findall(r'<h2 id="([a-z]+)"', page)


def test_the_page_of_a_training_holds_what_it_gave(text: TrainingRun) -> None:
    page, result = _page(text), text.result
    assert _parts(page) == ["networks", "loss", "live", "density", "configuration", "papers"]
    for shown in (f"{result.valid_score:.2f}", f"{result.test_score:.2f}", f"{result.live:,}"):
        assert shown in page
    assert f"epoch {result.best_epoch} of 3" in page
    for loss, score in zip(result.train_loss, result.valid_scores, strict=True):
        assert f"<td>{loss:.4g}</td>" in page
        assert f"<td>{score:.2f}</td>" in page
    assert "python-docs: set" in page
    assert "max_vocabulary = 100" in page
    assert "Mocanu" in page
    assert "Verdict" not in page
    names = sorted(path.name for path in (text.path / "figures").iterdir())
    assert names == ["density.png", "live.png", "loss.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (text.path / "figures").iterdir())


def test_density_by_layer_and_gate_is_that_of_the_masks(text: TrainingRun) -> None:
    """Gates average to their matrix, and the matrices, weighed by their sizes, to the density asked for."""
    findings = gather_training(text)
    found = densities(findings.sizes, findings.network)
    assert found is not None
    network = text.network()
    shapes = {name: weight.numel() for name, weight in network.named_parameters() if weight.dim() > 1}
    assert sum(findings.sizes.values()) == sum(shapes.values())
    assert set(found.matrices["recurrent.weight_hh_l0"]) == {"input", "forget", "cell", "output"}
    last = 0.0
    for matrix, gates in found.matrices.items():
        mean = sum(values[-1] for values in gates.values()) / len(gates)
        assert 0 < mean <= 1
        last += mean * shapes[matrix]
    assert last / sum(shapes.values()) == pytest.approx(text.rows()[-1]["density"], abs=1e-9)


def test_the_same_training_gives_the_same_page(text: TrainingRun) -> None:
    assert _page(text) == _page(text)


def test_a_dense_training_has_no_density_to_show(tmp_path: Path) -> None:
    train(
        configure_training("python-docs", None, {**TEXT, "recipe.epochs": 1, "dense": True}), tmp_path / "d"
    )
    page = _page(TrainingRun(tmp_path / "d"))
    assert _parts(page) == ["networks", "loss", "configuration", "papers"]
    assert "<h1>Dense network</h1>" in page
    assert "Not learned" not in page


def test_a_network_no_better_than_word_frequencies_is_said_to_have_learned_nothing(tmp_path: Path) -> None:
    values = {**TEXT, "recipe.epochs": 1, "recipe.learning_rate": 1e-6, "dense": True}
    train(configure_training("python-docs", None, values), tmp_path / "d")
    run = TrainingRun(tmp_path / "d")
    assert run.result.naive is not None
    assert run.result.valid_score > run.result.naive.valid_score
    assert not run.result.learned
    assert "Not learned: no better than" in _page(run)


def test_a_given_reference_stands_beside_with_a_verdict(tuned: TrainingRun) -> None:
    """Its scores are those of its own file, counted here by hand."""
    given = tuned.result.reference
    assert given is not None
    network = tiny_tasks.Tagger(6)
    network.load_state_dict(torch.load(tuned.config.reference.checkpoint, weights_only=True))  # type: ignore[union-attr]
    with torch.no_grad():
        expected = tiny_tasks.Tiny().evaluate(network.eval(), "test")
    assert given.test_score == pytest.approx(float(expected), abs=1e-9)
    assert given.live == sum(parameter.numel() for parameter in network.parameters())
    assert given.verdict.difference == pytest.approx(tuned.result.test_score - given.test_score, abs=1e-9)
    page = _page(tuned)
    assert (reports.training_sentence(tuned.result) or "nothing said") in page
    assert "<td>reference</td>" in page
    assert "Verdict: " in page
    assert "--candidates" not in page, "a training has none"


def test_a_training_from_a_reference_gives_the_same_result_again(tuned: TrainingRun) -> None:
    before = (tuned.path / "result.json").read_bytes()
    train(tuned.config, tuned.path)
    assert (tuned.path / "result.json").read_bytes() == before


def test_the_page_of_a_task_of_your_own_imports_none_of_it(tuned: TrainingRun) -> None:
    """A folder alone runs no code: the module is not even to be found in this process."""
    code = (
        "import sys; from hyperprune import reports\n"
        f"print(reports.write({str(tuned.path)!r}))\nassert 'tiny_tasks' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {_source()!r})\n{code}"]
    )
    assert done.returncode == 0
    assert "accuracy" in (tuned.path / "report.html").read_text()


def _source() -> str:
    return str(Path(hyperprune.__file__).parents[1])


def test_a_training_that_has_not_ended_shows_what_there_is(text: TrainingRun, tmp_path: Path) -> None:
    shutil.copytree(text.path, tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    page = _page(TrainingRun(tmp_path / "run"))
    assert "This training has not ended." in page
    assert "3 of 3 epochs are trained" in page
    assert _parts(page) == ["loss", "live", "density", "configuration", "papers"]


def test_a_training_that_failed_says_why(text: TrainingRun, tmp_path: Path) -> None:
    from hyperprune.training import Failure

    shutil.copytree(text.path, tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    JobFolder(tmp_path / "run" / "network").save_failure(Failure(epoch=3, reason="a <loss> of nan"), "x")
    page = _page(TrainingRun(tmp_path / "run"))
    assert "This training failed</strong> in epoch 3:\na &lt;loss&gt; of nan." in page


def test_a_report_needs_no_record_of_sizes(text: TrainingRun, tmp_path: Path) -> None:
    """Trainings of earlier versions did not keep it: the page leaves density by gate out."""
    shutil.copytree(text.path, tmp_path / "run")
    for document in (tmp_path / "run" / "network").glob("epoch-*.json"):
        held = json.loads(document.read_text())
        del held["sizes"]
        document.write_text(json.dumps(held))
    assert _parts(_page(TrainingRun(tmp_path / "run"))) == [
        "networks",
        "loss",
        "live",
        "configuration",
        "papers",
    ]


def test_from_python_a_training_reports_as_a_search_does(text: TrainingRun) -> None:
    loaded = hyperprune.load(text.path)
    assert loaded.report() == text.path / "report.html"
    assert reports.write(text.path) == text.path / "report.html"


def test_a_folder_of_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is not a run folder"):
        reports.write(tmp_path)
