"""Every command and every Python example of the README runs, at a small size."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
SMALL = {
    "--candidates": "4",
    "--epochs": "5",
    "--hidden": "8",
    "--embedding": "8",
    "--first-epochs": "1",
    "--round-epochs": "1",
    "--max-train-tokens": "3000",
    "--max-vocabulary": "100",
}
OF_A_TEXT = ("--hidden", "--embedding", "--max-train-tokens", "--max-vocabulary")
TRAINING = ("--epochs", "--hidden", "--embedding", "--max-train-tokens", "--max-vocabulary")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.S | re.M)


def commands() -> list[list[str]]:
    lines = [line for block in blocks("") for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("hyperprune ")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the texts and the configuration that the README speaks of."""
    place = tmp_path_factory.mktemp("readme")
    words = "the cat sat on the mat and the dog ran to the red house\n"
    for corpus in ("my-text", "ptb"):
        (place / corpus).mkdir()
        for part in ("train", "valid", "test"):
            (place / corpus / f"{part}.txt").write_text(words * 150)
    return place


def small(words: list[str]) -> list[str]:
    """A search with little to do; what the README gives stays, a GPU becomes the CPU."""
    words = ["cpu" if word.startswith("cuda") else word for word in words]
    sizes = SMALL if words[0] == "search" else {flag: SMALL[flag] for flag in TRAINING}
    if "--task" in words:
        sizes = {flag: value for flag, value in sizes.items() if flag not in OF_A_TEXT}
    if words[0] in ("search", "train") and not {"--init", "--extend"} & set(words):
        words += [part for flag, value in sizes.items() if flag not in words for part in (flag, value)]
        words += [] if "--out" in words else ["--out", f"runs/{len(words)}-{words[0]}"]
    return words


@pytest.mark.slow
@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command(place: Path, words: list[str]) -> None:
    """In the order of the README: later commands use what earlier ones left."""
    if words[:2] == ["data", "get"]:
        pytest.skip("downloads are tested against a local server, in tests/corpora")
    if words[0] == "dashboard":
        pytest.skip("serves until Ctrl-C, which tests/reports/test_dashboard.py presses")
    done = subprocess.run(
        [sys.executable, "-m", "hyperprune", *small(words)],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


TRAINED = """
import torch

class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.decoder = torch.nn.LSTM(3, 8, batch_first=True), torch.nn.Linear(8, 2)

    def forward(self, x):
        return self.decoder(self.lstm(x)[0][:, -1])

network = Reader()
x, x_valid = torch.randn(96, 5, 3), torch.randn(32, 5, 3)
y, y_valid = (x.sum((1, 2)) > 0).long(), (x_valid.sum((1, 2)) > 0).long()
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"))
def test_python(place: Path, code: str) -> None:
    limits = {
        "corpus.max_train_tokens": 3000,
        "corpus.max_vocabulary": 100,
        "recipe.epochs": 4,
        "model.hidden": 8,
        "model.embedding": 8,
    }
    if "hyperprune.prune" in code:
        code = TRAINED + code + "print(sum(p.numel() for p in pruned.parameters()), 'weights')\n"
    else:
        assert "values={" in code
    code = code.replace("values={", f"values={{**{limits!r}, ")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()[0].split()) == 2
