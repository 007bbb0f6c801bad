"""The readers of files that others may have written, and what benchmarks/fuzz.py --reader throws at them.

Each reader has whole files as seeds, and all the cases that were ever found. JSON is changed at a random
place and sealed again half of the time, so that what lies behind the hash is reached too.
"""

import json
import random
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import fuzz_inputs as inputs

SLOWEST = 20.0  # seconds; a hang, or memory that goes on growing, shows as time
_FOUND_JSON = [
    b"",
    b"{",
    b"null",
    b"3",
    b"[]",
    b'"\\ud800"',
    b'{"a": NaN}',
    b"[1e999]",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"9" * 5000,
    b'{"\\udfff": {}}',
    b"\xff\xfe{}",
    b"\0" * 100,
]
_FOUND_TOML = [
    b"a" + b".a" * 20_000 + b" = 1",
    b"a = " + b"[" * 5000,
    b"seed = " + b"9" * 5000,
    b"\xff",
    b"a = nan",
]
_FOUND_TEXT = [b"", b"\0", b"\xef\xbb\xbf", b"\r", b"a\rb\r", b"x" * 20_000, b"\xff"]
_VALUES = [None, True, 0, -1, 3, 2**63, 10**30, 0.5, 1e308, "", "x", "\u0000", "[/x]", [], [[]], {}, {"a": 1}]


@dataclass(frozen=True)
class Reader:
    """Something that reads a file.

    Attributes:
        file: which one of the material, relative to it.
        read: reads it where it lies.
        found: contents that once gave a traceback, a hang or a false answer.
        seal: puts the hash of a changed JSON document right; none for other kinds of file.
    """

    file: str
    read: Callable[[Path], Any]
    found: list[bytes]
    seal: Callable[[Path, Any], None] | None = None


def readers() -> dict[str, Reader]:
    """All of them by name."""
    from hyperprune import files, versions
    from hyperprune.corpora import CorpusConfig, load
    from hyperprune.lyapunov import Spectrum
    from hyperprune.search import RunFolder
    from hyperprune.search.asking.study import stored_study
    from hyperprune.search.results.rounds_file import stored_rounds
    from hyperprune.search.results.timings import load_timings
    from hyperprune.training import JobFolder, load_network
    from hyperprune.training.stored.weights_file import GivenWeights, load_given

    def plain(path: Path, value: Any) -> None:
        path.write_text(json.dumps(value))

    def sealed(path: Path, value: Any) -> None:
        if isinstance(value, dict):
            value = files.sealed({k: v for k, v in value.items() if k != "document_sha256"})
        plain(path, value)

    def given(path: Path) -> None:
        torch.manual_seed(0)
        load_given(torch.nn.Linear(3, 2), GivenWeights(checkpoint=str(path)))

    def text(path: Path) -> None:
        load.cache_clear()
        load(CorpusConfig(source=str(path)))

    def spectrum(path: Path) -> None:
        read = Spectrum.load(path)
        _ = read.mean, read.layer_sizes, read.in_nats()
        if read.conventions.state == "full":  # of another state it is refused, whatever the file
            _ = read.entropy

    def run(path: Path) -> RunFolder:
        return RunFolder(path.parent)

    def job(path: Path) -> JobFolder:
        return JobFolder(path.parent)

    return {
        "configuration": Reader("search/config.toml", lambda path: run(path).config(), _FOUND_TOML),
        "result": Reader(
            "search/result.json", lambda path: run(path).result(), _FOUND_JSON, files.write_summed
        ),
        "rounds": Reader(
            "search/rounds.json", lambda path: stored_rounds(run(path), "x"), _FOUND_JSON, sealed
        ),
        "timings": Reader("search/timings.json", lambda path: load_timings(run(path)), _FOUND_JSON, plain),
        "versions": Reader(
            "search/versions.json",
            lambda path: versions.record(path.parent, versions.versions()),
            _FOUND_JSON,
            plain,
        ),
        "study": Reader("search/study.db", stored_study, [b"", b"SQLite format 3\0", b"x" * 5000]),
        "epoch": Reader("job/epoch-0002.json", lambda path: job(path).stored(), _FOUND_JSON, sealed),
        "initial": Reader("job/initial.json", lambda path: job(path).stored(), _FOUND_JSON, sealed),
        "failure": Reader("job/failure.json", lambda path: job(path).stored(), _FOUND_JSON, sealed),
        "seconds": Reader("job/timings.json", lambda path: job(path).seconds(), _FOUND_JSON, plain),
        "checkpoint": Reader(
            "job/epoch-0002.json",
            lambda path: load_network(path.with_suffix(".safetensors")),
            _FOUND_JSON,
            sealed,
        ),
        "spectrum": Reader(
            "job/spectrum-0001.safetensors", spectrum, [b"", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"{}"]
        ),
        "pt": Reader("given/a.pt", given, [b"", b"PK\x03\x04", b"\x80\x02]q\0.", b"\x80\x02cos\nsystem\n."]),
        "legacy pt": Reader("given/b.pt", given, [b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."]),
        "safetensors": Reader("given/a.safetensors", given, [b"\xff" * 16, b"\0" * 8]),
        "text": Reader("given/text.txt", text, _FOUND_TEXT),
    }


def material(folder: Path) -> Path:
    """A search, a job with all its records, and weights: the whole files that are changed."""
    from safetensors.torch import save_file

    from hyperprune.training import JobFolder
    from hyperprune.training.stored.history import Failure, InitialRecord

    made = inputs.material(folder / "made")
    shutil.copytree(made.search, folder / "search")
    job = folder / "job"
    shutil.copytree(made.search / "dense", job)
    for tensors in sorted(job.glob("epoch-*.safetensors"))[-1:]:  # the last, under the name of the readers
        assert tensors.name == "epoch-0002.safetensors", tensors
    JobFolder(job).save_initial(InitialRecord(valid_loss=4.0), "job")
    JobFolder(job).save_failure(Failure(epoch=3, reason="the loss became nan"), "job")
    given = folder / "given"
    given.mkdir()
    weights = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}
    torch.save(weights, given / "a.pt")
    torch.save(weights, given / "b.pt", _use_new_zipfile_serialization=False)
    save_file(weights, given / "a.safetensors")
    (given / "text.txt").write_bytes(made.text)
    return folder


def attack(name: str, reader: Reader, whole: Path, scratch: Path, chance: random.Random, number: int) -> str:
    """One case; what is wrong with how it was read, or nothing."""
    from hyperprune.errors import HyperpruneError

    room = scratch / "case"
    shutil.copytree((whole / reader.file).parent, room)
    path = room / Path(reader.file).name
    try:
        _change(reader, path, chance, number)
        began = time.monotonic()
        try:
            reader.read(path)
        except HyperpruneError as error:
            line = str(error)
            if "\n" in line or len(line) > 1000 or str(room) not in line or "weights_only" in line:
                return f"{name}: not one line that names the file: {line[:300]!r}"
        except Exception:
            return f"{name}: {path.read_bytes()[:80]!r}\n{traceback.format_exc()}"
        if time.monotonic() - began > SLOWEST:
            return f"{name}: took {time.monotonic() - began:.0f} s: {path.read_bytes()[:80]!r}"
        return ""
    finally:
        shutil.rmtree(room)


def _change(reader: Reader, path: Path, chance: random.Random, number: int) -> None:
    """The found cases first, then changed seeds."""
    if number < len(reader.found):
        path.write_bytes(reader.found[number])
    elif reader.seal is not None and chance.random() < 0.6:
        value = json.loads(path.read_bytes())
        for _ in range(chance.choice([1, 1, 2])):
            value = _elsewhere(value, chance)
        reader.seal(path, value)
    else:
        seeds = [path.read_bytes(), path.read_bytes(), *reader.found]
        path.write_bytes(inputs.mutated(chance, chance.choice(seeds)))


def _elsewhere(value: Any, chance: random.Random) -> Any:
    """The value with another one somewhere in it."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.15:
        return chance.choice(_VALUES)
    key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
    changed = dict(value) if isinstance(value, dict) else list(value)
    if chance.random() < 0.1:
        del changed[key]
    else:
        changed[key] = _elsewhere(changed[key], chance)
    return changed
