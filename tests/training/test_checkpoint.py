import hashlib
import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from hyperprune import files
from hyperprune.errors import CheckpointError
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.checkpoint import Checkpoint


def _save(folder: Path, *epochs: int) -> None:
    for epoch in epochs:
        tensors = {"model.w": torch.full((64,), float(epoch))}
        checkpoint.save(folder, Checkpoint(epoch, tensors, {"history": [epoch]}))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    _save(tmp_path, 3)
    loaded = checkpoint.load(tmp_path / "epoch-0003.safetensors")
    assert loaded.epoch == 3
    assert loaded.document["history"] == [3]
    assert torch.equal(loaded.tensors["model.w"], torch.full((64,), 3.0))


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _save(tmp_path / name, 1)
    for suffix in ("safetensors", "json"):
        first, second = ((tmp_path / n / f"epoch-0001.{suffix}").read_bytes() for n in "ab")
        assert first == second


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damage_is_seen_and_the_one_before_taken(
    tmp_path: Path, suffix: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    _save(tmp_path, 1, 2)
    path = tmp_path / f"epoch-0002.{suffix}"
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes({"flip": bytes(data), "cut": bytes(data[:-3]), "empty": b""}[damage])
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(tmp_path / "epoch-0002.safetensors")
    document = checkpoint.latest(tmp_path)
    assert document is not None
    assert document["epoch"] == 1
    assert "damaged" in caplog.text


def test_half_written_checkpoint_does_not_count(tmp_path: Path) -> None:
    _save(tmp_path, 1, 2)
    (tmp_path / "epoch-0002.json").unlink()
    document = checkpoint.latest(tmp_path)
    assert document is not None
    assert document["epoch"] == 1


def test_other_schema_says_so(tmp_path: Path) -> None:
    _save(tmp_path, 1)
    path = tmp_path / "epoch-0001.json"
    document = json.loads(path.read_bytes())
    document.pop("document_sha256")
    path.write_text(json.dumps(files.sealed({**document, "schema": 99})))
    with pytest.raises(CheckpointError, match="schema 99"):
        checkpoint.load(tmp_path / "epoch-0001.safetensors")


def test_keep_deletes_the_rest(tmp_path: Path) -> None:
    _save(tmp_path, 1, 2, 3, 4)
    checkpoint.keep(tmp_path, {2, 3, 4})
    assert checkpoint.epochs(tmp_path) == [2, 3, 4]
    assert len(list(tmp_path.iterdir())) == 6


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        checkpoint.load(tmp_path / "epoch-0001.safetensors")


def test_what_was_written_is_hashed_and_not_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is that of the bytes in memory, so a disk that keeps other ones is found out."""
    expected = hashlib.sha256(safetensors.torch.save({"w": torch.arange(9.0)})).hexdigest()
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.files, "sha256", lambda _: pytest.fail("the file was read back"))
        checkpoint.save(tmp_path, checkpoint.Checkpoint(3, {"w": torch.arange(9.0)}, {}))
    assert checkpoint.load(checkpoint.path(tmp_path, 3)).document["sha256"] == expected
