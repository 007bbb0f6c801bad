import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from hyperprune.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit status, output, error lines."""

    status: int
    out: str
    err: str

    @property
    def mistake(self) -> str:
        """The one line that a mistake gives."""
        (line,) = self.err.splitlines()
        assert self.status == 2, self
        assert line.startswith("error: "), line
        assert "Traceback" not in line
        return line.removeprefix("error: ")


Command = Callable[..., Outcome]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run ``hyperprune ARGUMENTS`` in this process, as the installed command would."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["hyperprune", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        captured = capfd.readouterr()
        return Outcome(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread; and no waiting for the disk, which guards against a power cut."""
    torch.set_num_threads(1)
    monkeypatch.setattr(os, "fsync", lambda _: None)
