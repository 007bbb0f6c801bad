"""A run folder knows which versions worked on it, and a change of them is said once."""

import json
from pathlib import Path

import pytest

from hyperprune import versions


def _recorded(folder: Path) -> list[versions.Versions]:
    known: list[versions.Versions] = json.loads((folder / versions.RECORD).read_bytes())["worked"]
    return known


def test_the_same_versions_are_noted_once_and_silently(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        versions.record(tmp_path, versions.versions("optuna"))
    (only,) = _recorded(tmp_path)
    assert set(only) == {"hyperprune", "torch", "numpy", "optuna", "machine"}
    assert not caplog.records


def test_other_versions_are_said_once_and_kept_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = versions.versions()
    old = here | {"torch": "1.0"}
    del old["machine"]
    versions.record(tmp_path, old)
    for _ in range(2):
        versions.record(tmp_path, here)
    assert _recorded(tmp_path) == [old, here]
    (said,) = caplog.messages
    assert f"machine unknown (here {here['machine']}), torch 1.0 (here {here['torch']})" in said


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[1]", b"\xff"])
def test_a_damaged_record_is_written_anew(
    tmp_path: Path, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / versions.RECORD).write_bytes(damaged)
    versions.record(tmp_path, versions.versions())
    assert _recorded(tmp_path) == [versions.versions()]
    assert not caplog.records


def test_a_record_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """It was a bare list."""
    here = versions.versions()
    (tmp_path / versions.RECORD).write_text(json.dumps([{**here, "torch": "2.6.0"}]))
    versions.record(tmp_path, here)
    document = json.loads((tmp_path / versions.RECORD).read_bytes())
    assert document["schema_version"] == versions.SCHEMA
    assert [one["torch"] for one in document["worked"]] == ["2.6.0", here["torch"]]
