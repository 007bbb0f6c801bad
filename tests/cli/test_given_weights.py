"""A checkpoint of somebody's, at every command that a user would give it to."""

import json
from pathlib import Path

import pytest
import tiny_tasks
import torch

from hyperprune.lyapunov import Spectrum

NAME = "tiny_tasks:Tiny"


@pytest.fixture(scope="module")
def lightning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network under a trainer's names, compiled there."""
    torch.manual_seed(3)
    state = {f"model._orig_mod.{k}": v for k, v in tiny_tasks.Tagger(6).state_dict().items()}
    path = tmp_path_factory.mktemp("given") / "last.ckpt"
    torch.save({"epoch": 3, "state_dict": state}, path)
    return path


def _said_once(caplog: pytest.LogCaptureFixture, error: str, path: Path) -> bool:
    """By the command itself, and by none of its jobs and workers."""
    (line,) = [record.message for record in caplog.records if "read its" in record.message]
    return "read its" not in error and line == (
        f"{path}: read its state_dict; names without model.; names without _orig_mod.; without epoch, "
        "which it holds beside them"
    )


def test_train_reads_it_and_says_how(  # type: ignore[no-untyped-def]
    command, lightning: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = ["train", "--task", NAME, "--reference", lightning, "--epochs", 1, "--out", tmp_path / "run"]
    done = command(*given)
    assert done.status == 0
    assert _said_once(caplog, done.err, lightning)


def test_search_reads_it_and_says_how_once(  # type: ignore[no-untyped-def]
    command, lightning: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sizes = ["--epochs", 2, "--candidates", 2, "--from-reference"]
    done = command(
        "search", "--task", NAME, "--reference", lightning, *sizes, "--out", tmp_path / "run", "--workers", 2
    )
    assert done.status == 0
    assert _said_once(caplog, done.err, lightning)


def test_spectrum_takes_it_beside_a_task(command, lightning: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """It is that of the weights in the file, and not of the fresh ones."""
    lengths = ["--warmup", 2, "--steps", 6, "--batch", 3]
    shown = command(
        "spectrum", NAME, "--reference", lightning, *lengths, "--json", "--save", tmp_path / "a.safetensors"
    )
    assert shown.status == 0
    assert str(lightning) in json.dumps(json.loads(shown.out))
    command("spectrum", NAME, *lengths, "--save", tmp_path / "b.safetensors")
    fresh, given = (Spectrum.load(tmp_path / f"{name}.safetensors").mean for name in "ba")
    assert not torch.allclose(fresh, given)
    plain = torch.load(lightning, weights_only=True)["state_dict"]
    torch.save({k.removeprefix("model._orig_mod."): v for k, v in plain.items()}, tmp_path / "plain.pt")
    command(
        "spectrum", NAME, "--reference", tmp_path / "plain.pt", *lengths, "--save", tmp_path / "c.safetensors"
    )
    assert torch.equal(Spectrum.load(tmp_path / "c.safetensors").mean, given)


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".safetensors"])
@pytest.mark.parametrize(
    "asked", [["evaluate"], ["spectrum"], ["profile"], ["generate"], ["export", "--format", "torch"]]
)
def test_weights_alone_say_where_they_may_be_given(  # type: ignore[no-untyped-def]
    command, tmp_path: Path, asked: list[str], suffix: str
) -> None:
    """They answered that a file which is there is none, or named a document that nobody has heard of."""
    path = tmp_path / f"net{suffix}"
    if suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(tiny_tasks.Tagger(6).state_dict(), path)
    else:
        torch.save(tiny_tasks.Tagger(6).state_dict(), path)
    further = ["--out", tmp_path / "shipped"] if asked[0] == "export" else []
    assert command(asked[0], path, *asked[1:], *further).mistake == (
        f"{path} holds weights alone and does not say of which network: give it as --reference to hyperprune "
        "search, train or spectrum, and here the run folder that they make"
    )
