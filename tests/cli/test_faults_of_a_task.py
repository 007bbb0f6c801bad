"""data stats --task tells all faults of a task at once, and takes the name of a file."""

from pathlib import Path

import pytest

FAULTY = """
import torch
from torch import nn

class Spot:
    score = 3
    def network(self):
        return nn.LSTM(3, 4)
    def losses(self, network, epoch):
        yield network(torch.zeros(5, 2, 3))[0].detach().mean()
    def evaluate(self, network, part):
        return [][1]
    def spectrum_inputs(self, batch, length):
        return torch.zeros(3, batch, 3)
"""
GOOD = FAULTY.replace("score = 3", "score = 'error'").replace(".detach()", "").replace("[][1]", "1.0")
GOOD = GOOD.replace("torch.zeros(3, batch", "torch.randn(length, batch")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    return tmp_path


def test_all_faults_of_a_task_at_once(command, folder: Path) -> None:  # type: ignore[no-untyped-def]
    """They came one by one, each after the one before was mended."""
    (folder / "spot_faulty.py").write_text(FAULTY)
    line = command("data", "stats", "--task", "spot_faulty:Spot").mistake
    assert "spot_faulty:Spot has 3 faults: (1) score must be a name" in line
    assert "(2) losses() of spot_faulty:Spot gives a loss without a gradient" in line
    assert "(3) the spectrum needs 5 sequences of 45 steps" in line
    (folder / "spot_named.py").write_text(FAULTY.replace("score = 3", "score = 'error'"))
    line = command("data", "stats", "--task", "spot_named:Spot").mistake
    assert "evaluate() failed: IndexError: list index out of range (spot_named.py, line 12)" in line


@pytest.mark.parametrize("name", ["spot_task.py:Spot", "spot_task:Spot", "./spot_task.py:Spot"])
def test_a_task_by_its_file(command, folder: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    (folder / "spot_task.py").write_text(GOOD)
    assert command("data", "stats", "--task", name).status == 0


def test_a_task_by_a_file_elsewhere_names_the_remedy(command, folder: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("/tmp/spot_task.py:Spot", "../spot_task.py:Spot", "spot-task.py:Spot"):
        line = command("data", "stats", "--task", name).mistake
        assert "start in the folder that holds it, and give spot" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[recipe]\nepoch = 3\n", "did you mean recipe.epochs?"),
        ("[model]\nhiden = 3\n", "did you mean model.hidden?"),
        ("sparsty = 0.3\n", "did you mean sparsity?"),
        ("[serach]\ncandidates = 3\n", "did you mean search?"),
        ("sparsity = 80\n", "80 % is 0.8"),
        ('sparsity = "67%"\n', "67 % is 0.67"),
    ],
)
def test_did_you_mean_for_keys(command, tmp_path: Path, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "c.toml").write_text(text)
    assert says in command("search", "--config", tmp_path / "c.toml", "--out", tmp_path / "run").mistake
