"""What benchmarks/fuzz.py throws: valid things, mutated, and nonsense; no case trains for long."""

import hashlib
import json
import os
import random
import shutil
from argparse import Namespace
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import tomli_w
import torch
from safetensors import safe_open

OUT = "out"
KINDS = (
    "configuration",
    "mutated file",
    "corpus",
    "checkpoint",
    "run folder",
    "search folder",
    "command line",
    "given weights",
)
SHARES = (4, 4, 4, 4, 4, 0.5, 4, 4)  # a search is drawn as well, which takes a hundred times as long
_NAMES = (
    "rank tpe random grid qmc gp cmaes rounds full halving hyperband processes ray gru rnn rhn awd-lstm "
    "awd-lstm-mos on-lstm stacked-lstm language-modelling forecasting"
)
_STRINGS = [
    "",
    "a",
    "sgd",
    "ls",
    "set",
    "er",
    "\u0000",
    "é" * 50,
    "[x]",
    "~",
    "~nobody/x",
    "cpu",
    "cuda:9",
    "x" * 5000,
    *_NAMES.split(),
    "math:sqrt",
    "nowhere:nothing",
    "json:",
]
_NUMBERS = [0, 1, -1, 2, 3, 0.5, 1.2, -0.0, 1e308, 1e-300, float("nan"), float("inf"), 2**31, 2**63, 10**30]
_OPTIONS = {
    "search": "corpus level max-train-tokens max-vocabulary embedding hidden layers dropout optimizer "
    "learning-rate batch bptt epochs sparsity candidates first-epochs round-epochs metric seed threads "
    "device model task setting near-duplicates workers executor address",
    "train": "model task setting method sparsity sparse-init death growth redistribution death-rate decay "
    "update-interval "
    "corpus level hidden layers dropout optimizer batch bptt epochs seed device",
    "spectrum": "corpus level candidate preset state direction warmup steps batch k hidden layers "
    "seed device",
    "evaluate": "candidate part corpus level batch bptt threads device",
    "data stats": "level max-train-tokens max-vocabulary",
}
# changes of a configuration that once gave a traceback: table, key, value
_FOUND = [
    ("", "families", True),
    ("", "families", 3),
    ("", "dense_start", {}),
    ("", "dense_start", 0.5),
    ("", "dense_start", []),
]
_PREFIXES = [
    "",
    "module.",
    "model.",
    "_orig_mod.",
    "model._orig_mod.",
    "a.b.c.d.e.f.g.",
    "\x1b[31m.",
    "[/x].",
]
_NESTS = ["state_dict", "model", "net", "mine", "\x1b[31m"]
_HOSTILE = ["text", "[/b]text", "te$xt", "te%xt", "te?xt", "te#xt", "\x1b[31mtext", "te\nxt", "te\u202ext"]
_NAMED = ("report.html", "report-1.html", "study.db-journal", "study.db-wal", "study.db-shm", "figures")
_WORDS = [
    "er",
    "set",
    "word",
    "character",
    "rigl",
    "loss",
    "test",
    "train",
    "paper",
    "full",
    "adjoint",
    "momentum",
]


@dataclass(frozen=True)
class Material:
    """Valid things to start from."""

    training: Path
    search: Path
    configurations: tuple[dict[str, Any], ...]
    text: bytes


def material(folder: Path) -> Material:
    """A small training and a small search, made once, and every preset."""
    from hyperprune.search import PRESETS, configure, configure_training, run
    from hyperprune.training import train

    values = {
        "corpus.max_train_tokens": 800,
        "corpus.max_vocabulary": 40,
        "model.hidden": 5,
        "model.embedding": 4,
        "recipe.epochs": 2,
        "spectrum.steps": 4,
        "spectrum.warmup": 1,
        "spectrum.batch": 2,
    }
    train(configure_training("python-docs", None, values), folder / "training")
    run(configure("python-docs", None, {**values, "search.candidates": 3}), folder / "search")
    documents = [_without_none(configure(name).model_dump(mode="json")) for name in PRESETS]
    return Material(
        folder / "training", folder / "search", tuple(documents), b"the cat sat on the mat .\n" * 40
    )


def make(kind: str, chance: random.Random, folder: Path, given: Material) -> list[str]:
    """Write the files of a case into ``folder`` and give the command."""
    makers = {
        "configuration": _configuration,
        "mutated file": _mutated_file,
        "corpus": _corpus,
        "checkpoint": _checkpoint,
        "run folder": _run_folder,
        "search folder": _search_folder,
        "command line": _command_line,
        "given weights": _given_weights,
    }
    (folder / OUT).mkdir()
    return makers[kind](chance, folder, given)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Bytes flipped, cut, repeated or replaced."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place = chance.randrange(len(changed) + 1)
        way = chance.randrange(5)
        if way == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 1:
            del changed[place : place + chance.randrange(1, 200)]
        elif way == 2:
            changed[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(20)))
        elif way == 3:
            changed[place:place] = changed[: chance.randrange(300)]
        else:
            changed = changed[:place]
    return bytes(changed)


def _value(chance: random.Random, depth: int = 0) -> Any:
    pick = chance.randrange(7 if depth < 2 else 4)
    if pick == 0:
        return chance.choice(_STRINGS)
    if pick in (1, 2):
        return chance.choice(_NUMBERS)
    if pick == 3:
        return chance.random() < 0.5
    if pick < 6:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(["low", "high", "x", ""]): _value(chance, depth + 1) for _ in range(2)}


def _configuration(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """A valid configuration in which a few keys have other values."""
    tables: dict[str, Any] = json.loads(json.dumps(chance.choice(given.configurations)))
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        room = chance.choice([tables, *(value for value in tables.values() if isinstance(value, dict))])
        key = chance.choice([*room, "unknown"])
        old = room.get(key)
        if isinstance(old, list) and chance.random() < 0.5:
            room[key] = (
                [chance.choice([*old, _value(chance)]) for _ in range(chance.randrange(1, 3))] if old else []
            )
        else:
            room[key] = _value(chance)
    if chance.random() < 0.1:
        table, key, value = chance.choice(_FOUND)
        (tables.setdefault(table, {}) if table else tables)[key] = value
    (folder / "c.toml").write_text(tomli_w.dumps(tables), encoding="utf-8", errors="replace")
    return ["search", "--config", "c.toml", "--init", f"{OUT}/new.toml"]


def _mutated_file(chance: random.Random, folder: Path, given: Material) -> list[str]:
    data = tomli_w.dumps(chance.choice(given.configurations)).encode()
    data = chance.choice(
        [mutated(chance, data), bytes(chance.randrange(256) for _ in range(200)), b"[" * 5000]
    )
    (folder / "c.toml").write_bytes(data)
    return ["search", "--config", "c.toml", "--init", f"{OUT}/new.toml"]


def _text(chance: random.Random, given: Material) -> bytes:
    return chance.choice(
        [
            given.text,
            mutated(chance, given.text),
            b"",
            b"\n" * chance.randrange(9),
            b"x" * chance.choice([10, 20_000]),
            chance.randbytes(chance.randrange(300)),
            "e\u0301\u2028\u0085 \ufeff\x0c\x1f\n".encode() * chance.randrange(1, 40),
            b"<unk> <eos> <unk>\n" * 9,
        ]
    )


def _corpus(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """A folder or a file, read by every command that takes one; the run folder lies under a file."""
    name = chance.choice(_HOSTILE) if chance.random() < 0.3 else "text"
    if chance.random() < 0.7:
        (folder / name).mkdir(parents=True)  # a closing tag has a slash
        for part in ("train", "valid", "test"):
            if chance.random() < 0.95:
                (folder / name / f"{part}.txt").write_bytes(_text(chance, given))
    else:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(_text(chance, given))
    level = ["--level", chance.choice(["word", "character"])]
    (folder / OUT / "file").write_text("x")
    place = ["--out", f"{OUT}/file"]
    small = ["--hidden", "4", "--embedding", "4"]
    return chance.choice(
        [
            ["data", "stats", name, *level],
            ["search", *small, *place, "--corpus", name, *level],
            ["evaluate", str(given.training), "--corpus", name, *level],
            ["spectrum", str(given.training), "--corpus", name, *level, "--json"],
        ]
    )


def _given_weights(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """Weights of somebody's in any nest, behind any prefix, with other things beside, sometimes damaged."""
    with safe_open(given.training / "network/epoch-0002.safetensors", "pt") as whole:
        names = [name for name in whole.keys() if name.startswith("model.")]  # noqa: SIM118  no dictionary
        state = {name.removeprefix("model."): whole.get_tensor(name) for name in names}
    for name in chance.sample(sorted(state), chance.choice([0, 0, 1])):
        state[name] = chance.choice(_tensors())
    if chance.random() < 0.15:
        state.pop(chance.choice(sorted(state)))
    prefix = chance.choice(_PREFIXES)
    held: Any = {prefix + name: value for name, value in state.items()}
    if chance.random() < 0.15:
        held |= {chance.choice(_PREFIXES) + name: value for name, value in state.items()}
    for _ in range(chance.choice([0, 0, 1, 1, 2, 9])):
        held = {chance.choice(_NESTS): held}
        if chance.random() < 0.5:
            held[chance.choice(["epoch", "args", "optimizer", "ema"])] = chance.choice(
                [3, None, Namespace(a=1), [], {}, {"w": torch.zeros(1)}, Fraction(1, 2), Path("x"), state]
            )
    file = folder / f"w{chance.choice(['.pt', '.pth', '.ckpt', '.bin', '.tar', '.safetensors'])}"
    torch.save(held, file, _use_new_zipfile_serialization=chance.random() < 0.8)
    if chance.random() < 0.25:
        file.write_bytes(mutated(chance, file.read_bytes()))
    (folder / OUT / "file").write_text("x")
    sizes = ["--max-train-tokens", "800", "--max-vocabulary", "40", "--hidden", "5", "--embedding", "4"]
    place = ["--corpus", "python-docs", "--out", f"{OUT}/file"]
    lengths = ["--warmup", "1", "--steps", "4", "--batch", "2"]
    return chance.choice(
        [
            ["train", "--preset", "python-docs", *sizes, "--reference", file.name, *place],
            ["search", "--preset", "python-docs", *sizes, "--reference", file.name, *place],
            [
                "spectrum",
                "python-docs",
                "--hidden",
                "5",
                "--embedding",
                "4",
                "--reference",
                file.name,
                *lengths,
            ],
            [chance.choice(["evaluate", "profile", "spectrum", "generate"]), file.name],
        ]
    )


def _tensors() -> list[Any]:
    """What no weight can be, and weights of other shapes."""
    return [
        torch.zeros(()),
        torch.zeros(3, 0),
        torch.full((20, 4), float("nan")),
        torch.empty(20, 4, device="meta"),
        torch.eye(4).to_sparse(),
        torch.zeros(20, 4, dtype=torch.complex64),
        torch.zeros(20, 4, dtype=torch.int8),
        torch.zeros(1).expand(2**20),
        3.5,
        "x",
        None,
    ]


def _checkpoint(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """A damaged checkpoint; sometimes its hashes are set right again, so that it is read further."""
    for suffix in (".safetensors", ".json"):
        source = given.training / f"network/epoch-0002{suffix}"
        shutil.copy(source, folder / source.name)
    weights, document = folder / "epoch-0002.safetensors", folder / "epoch-0002.json"
    record: dict[str, Any] = json.loads(document.read_bytes())
    record.pop("document_sha256")
    way = chance.randrange(4)
    if way == 0:
        weights.write_bytes(mutated(chance, weights.read_bytes()))
    elif way == 1:
        document.write_bytes(mutated(chance, document.read_bytes()))
    else:
        if chance.random() < 0.5:
            weights.write_bytes(mutated(chance, weights.read_bytes()))
        room = chance.choice([record, record["model"]])
        room[chance.choice([*room, "unknown"])] = _json_value(chance)
        record["sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
        digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
        document.write_text(json.dumps({**record, "document_sha256": digest}))
    name = chance.choice(["evaluate", "spectrum"])
    return [name, "epoch-0002.safetensors", "--corpus", "python-docs", "--json"]


def _json_value(chance: random.Random) -> Any:
    """Values for any key; none is a size that would take all memory."""
    return chance.choice(
        [None, "", "x", 0, -1, 3, 2.5, [], ["a"], {}, {"a": 1}, True, "stacked-lstm", 10**12]
    )


def _run_folder(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """A copy of a training in which one file is changed."""
    _changed(chance, given.training, folder / OUT / "run")
    return chance.choice(
        [
            ["evaluate", f"{OUT}/run"],
            ["spectrum", f"{OUT}/run", "--json"],
            ["report", f"{OUT}/run"],
            ["search", "--extend", "--metric", "loss", "--out", f"{OUT}/run"],
            ["evaluate", f"{OUT}/run/network", "--part", "valid", "--json"],
            ["cite", f"{OUT}/run"],
            ["compare", f"{OUT}/run", str(given.training), "--json"],
            ["compare", str(given.search), f"{OUT}/run"],
            ["train", "--out", f"{OUT}/run"],
            ["profile", f"{OUT}/run", "--json"],
        ]
    )


def _search_folder(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """A copy of a search in which one file is changed; the search is small enough to be made anew."""
    _changed(chance, given.search, folder / OUT / "run")
    return chance.choice(
        [
            ["evaluate", f"{OUT}/run", *chance.choice([[], ["--dense"], ["--candidate", "1"]])],
            ["spectrum", f"{OUT}/run", "--json"],
            ["cite", f"{OUT}/run", "--json"],
            ["report", f"{OUT}/run"],
            ["compare", f"{OUT}/run", str(given.training)],
            ["search", "--out", f"{OUT}/run"],
            ["search", "--extend", "--metric", "loss", "--out", f"{OUT}/run"],
            ["search", "--extend", "--near-duplicates", "0.5", "--out", f"{OUT}/run", "--json"],
        ]
    )


def _changed(chance: random.Random, source: Path, run: Path) -> None:
    """A copy of a folder without one of its files, or with one that is not what it was.

    A file may also be a link, a hard link, a pipe or a folder; files beside the output must stay as they are.
    """
    shutil.copytree(source, run)
    files = [path for path in run.rglob("*") if path.is_file() and path.name != ".lock"]
    named = [run / name for name in _NAMED]
    victim = chance.choice(sorted(files) if chance.random() < 0.8 else named)
    mine = run.parents[1] / "mine.txt"
    mine.write_text("mine")
    way = chance.random()
    if way < 0.15:
        victim.unlink(missing_ok=True)
    elif way < 0.4:
        victim.unlink(missing_ok=True)
        make = (victim.symlink_to, victim.hardlink_to, lambda _: os.mkfifo(victim), lambda _: victim.mkdir())
        chance.choice(make)(mine)
    else:
        held = victim.read_bytes() if victim.exists() else b"{}"
        victim.write_bytes(mutated(chance, held))


def _command_line(chance: random.Random, folder: Path, given: Material) -> list[str]:
    """Any options with any values; the run folder lies under a file, so nothing is ever trained."""
    name = chance.choice(sorted(_OPTIONS))
    options = _OPTIONS[name].split()
    arguments = name.split()
    if name in ("spectrum", "evaluate"):
        arguments.append(chance.choice([str(given.training), "demo", "nowhere", ""]))
    if name == "data stats":
        arguments.append(chance.choice(["python-docs", "ptb", "", "nowhere"]))
    for _ in range(chance.choice([1, 1, 2, 3])):
        number = str(chance.choice([*_NUMBERS[:10], 7, 40]))
        text = chance.choice([*_STRINGS, *_WORDS]).replace("\0", "")
        arguments += [f"--{chance.choice(options)}", number if chance.random() < 0.6 else text]
    if name in ("search", "train"):
        (folder / OUT / "file").write_text("x")
        small = ["--hidden", "4"] if "--hidden" not in arguments else []
        arguments += [*small, "--out", f"{OUT}/file"]
    return arguments


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
