"""What is kept of a search of the table: numbers and facts alone, so that the table needs no run folder."""

import os
import platform
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hyperprune import files
from hyperprune.search import FinalNetwork, SearchRun, load_timings
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.space.words import choice_words
from hyperprune.tasks import Score
from hyperprune.training.verdict.verdict import Verdict
from hyperprune.versions import versions

SCHEMA = 1


class Part(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Network(Part):
    """What one network came to."""

    valid: float
    test: float
    live: int = Field(description="Live weights, biases included.")
    density: float
    epochs: int = Field(description="That it trained, those of the network it started from left out.")
    best: int = Field(description="The epoch that counts.")


class Record(Part):
    """One search at one density from one seed."""

    schema_version: int = SCHEMA
    search: str
    seed: int
    density: float = Field(description="Asked of the prunable weights.")
    digest: str = Field(description="Of the configuration, its text by name.")
    score: Score
    naive: float | None = Field(description="Validation score without a network.")
    networks: dict[str, Network] = Field(description="dense, selected, and the yardsticks by name.")
    family: str | None = Field(description="Of the selected network.")
    choices: str = Field(description="Of the selected network, in words.")
    verdict: Verdict | None
    epochs: dict[str, int]
    seconds: dict[str, float] = Field(description="Training, evaluation and spectra, added over all jobs.")
    machine: str
    versions: dict[str, str]


def record_of(name: str, digest: str, found: SearchRun) -> Record:
    """The record of a search that has ended.

    Args:
        name: of the search.
        digest: of its configuration, its text by name.
        found: the search.
    """
    result, config = found.result, found.config
    selected = next((c for c in result.candidates if c.number == result.selected), None)
    networks = {"dense": _network(result.dense.final, len(result.dense.curve.train_loss))}
    if selected is not None and selected.final is not None:
        networks["selected"] = _network(selected.final, len(selected.curve.train_loss))
    for control in result.controls:
        if control.final is not None:
            networks[control.name] = _network(control.final, len(control.curve.train_loss))
    timings = load_timings(RunFolder(found.path))
    return Record(
        search=name,
        seed=config.seed,
        density=round(config.density, 6),
        digest=digest,
        score=result.score,
        naive=None if result.naive is None else result.naive.valid_score,
        networks=networks,
        family=selected and selected.family,
        choices="" if selected is None else choice_words(selected.choices),
        verdict=result.verdict,
        epochs=result.cost.model_dump(include={"search", "with_dense", "controls", "exhaustive"}),
        seconds={}
        if timings is None
        else {
            "dense": round(timings.dense, 1),
            "candidates": round(timings.search, 1),
            "controls": round(sum(timings.controls.values()), 1),
        },
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        versions=versions(device=config.runtime.device),
    )


def _network(final: FinalNetwork | None, epochs: int) -> Network:
    assert final is not None, "a network of a finished search has no end"
    return Network(
        valid=final.valid_score,
        test=final.test_score,
        live=final.live,
        density=final.density,
        epochs=epochs,
        best=final.best_epoch,
    )


def write(folder: Path, name: str, record: BaseModel) -> None:
    """Keep a record."""
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / f"{name}.json", record.model_dump(mode="json"))


def read(path: Path) -> Record | None:
    """A record; none where there is none.

    Raises:
        ValueError: it is of a form that this script does not know.
    """
    document = document_of(path)
    return None if document is None else Record.model_validate(document)


def document_of(path: Path) -> dict[str, Any] | None:
    """The JSON of a record; none where there is none."""
    try:
        document: dict[str, Any] = files.read_json(path)
    except FileNotFoundError:
        return None
    if document.get("schema_version") != SCHEMA:
        raise ValueError(f"{path} has form {document.get('schema_version')}, not {SCHEMA}: make it anew")
    return document
