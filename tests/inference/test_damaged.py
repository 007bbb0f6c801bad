"""Folders from strangers: one clear error, nothing run, nothing large allocated."""

import json
import random
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from plain_nets import case

from hyperprune import files
from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.export import export
from hyperprune.inference import load

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = case("gru", types=11, inputs=16, hidden=16, density=0.2)
    return export(made.module, tmp_path_factory.mktemp("export") / "out").folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def rewrite(folder: Path, change: Change) -> None:
    path = folder / "config.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def rehash(folder: Path) -> None:
    digest = files.sha256(folder / "model.safetensors")
    rewrite(folder, lambda document: document.update(weights_sha256=digest))


def first_matrix(document: dict[str, Any]) -> dict[str, Any]:
    return next(record for record in document["tensors"].values() if len(record["shape"]) == 2)


def test_the_folder_itself_loads(folder: Path) -> None:
    load(folder, kernels="torch")


CHANGES: dict[str, Change] = {
    "no format": lambda d: d.pop("format"),
    "another schema": lambda d: d.update(schema=2),
    "an unknown key": lambda d: d.update(surprise=1),
    "tensors of a list": lambda d: d.update(tensors=[]),
    "a negative shape": lambda d: first_matrix(d).update(shape=[-1, 4]),
    "a huge shape": lambda d: first_matrix(d).update(shape=[2**40, 2**40]),
    "a swapped shape": lambda d: first_matrix(d).update(shape=first_matrix(d)["shape"][::-1]),
    "nine dimensions": lambda d: first_matrix(d).update(shape=[1] * 9),
    "many gates": lambda d: first_matrix(d).update(gates=10**9),
    "an unknown layout": lambda d: first_matrix(d).update(layout="pickle"),
    "a text for a shape": lambda d: first_matrix(d).update(shape="large"),
    "an infinite number": lambda d: d.update(score={"valid": float("inf")}),
    "no layers": lambda d: d["plain"].update(layers=[]),
    "another kind": lambda d: d["plain"].update(kind="lstm"),
    "a layer twice": lambda d: d["plain"].update(layers=d["plain"]["layers"] * 60),
    "layers exchanged": lambda d: d["plain"]["layers"][0].update(weight_hh="embedding.weight"),
    "a tensor that is not there": lambda d: d["plain"].update(decoder="nobody"),
    "a bias for a matrix": lambda d: d["plain"].update(decoder="decoder.bias"),
    "tied to nothing": lambda d: d.update(tied={"decoder.weight": "nobody"}),
    "another hash": lambda d: d.update(weights_sha256="0" * 64),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_document_is_refused(folder: Path, name: str) -> None:
    rewrite(folder, CHANGES[name])
    with pytest.raises(ExportError):
        load(folder, kernels="torch")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="holds no config"):
        load(tmp_path / "nowhere")
    for text in (b"", b"[1, 2]", b"{", b'{"format": "other"}', b"[" * 100_000, b"\xff\xfe\x00"):
        (tmp_path / "config.json").write_bytes(text)
        with pytest.raises(ExportError):
            load(tmp_path)


def test_a_pickle_is_not_opened(folder: Path) -> None:
    ran = folder / "ran"

    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (ran.touch, ())

    torch.save({"w": Bomb()}, folder / "model.safetensors")
    rehash(folder)
    with pytest.raises(ExportError, match="damaged"):
        load(folder)
    assert not ran.exists()


def test_code_in_the_folder_is_not_run(folder: Path) -> None:
    (folder / "module.py").write_text("raise SystemExit('code of the folder ran')")
    load(folder, kernels="torch")


def test_missing_and_truncated_weights_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = path.read_bytes()
    for size in (0, 7, 8, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(ExportError):
            load(folder, kernels="torch")
        rehash(folder)  # also where somebody made the hash fit
        with pytest.raises(ExportError):
            load(folder, kernels="torch")
    path.unlink()
    with pytest.raises(ExportError, match="lacks"):
        load(folder)


def test_a_huge_declared_size_takes_no_memory(folder: Path) -> None:
    rewrite(folder, lambda d: first_matrix(d).update(shape=[60_000, 60_000], layout="columns"))
    tracemalloc.start()
    with pytest.raises(ExportError, match="more than a file"):
        load(folder, kernels="torch")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000  # bytes


def _other(value: Any, draw: random.Random) -> Any:
    """Something else in the place of a value of the document."""
    if isinstance(value, bool) or value is None:
        return draw.choice([0, "x", [], {}, True])
    if isinstance(value, int):
        return draw.choice([value + 1, -value - 1, 0, 2**31, 2**63, "x", None, 1.5])
    if isinstance(value, str):
        return draw.choice(["", value[:-1], value + "x", 3, None, "\0", "embedding.weight"])
    return draw.choice([None, [], {}, 0])


def _mutate(document: Any, draw: random.Random) -> None:
    """Change one value somewhere in a document."""
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw.choice(keys)
        child = node[key]
        if isinstance(child, dict | list) and child and draw.random() < 0.85:
            node = child
            continue
        if draw.random() < 0.2:
            del node[key]
        else:
            node[key] = _other(child, draw)
        return


@pytest.mark.parametrize("seed", range(4))
def test_fuzzed_documents_give_one_error_or_load(whole: Path, tmp_path: Path, seed: int) -> None:
    """Nothing but an ExportError comes out, whatever one value is changed to."""
    draw = random.Random(seed)
    copy = Path(shutil.copytree(whole, tmp_path / "copy"))
    document, refused = json.loads((copy / "config.json").read_bytes()), 0
    for _ in range(60):
        changed = json.loads(json.dumps(document))
        _mutate(changed, draw)
        (copy / "config.json").write_text(json.dumps(changed))
        try:
            load(copy, kernels="torch")
        except ExportError:
            refused += 1
        except ConfigurationError as error:  # a document that is whole, of a network that cannot be run
            pytest.fail(f"not an ExportError: {error}")
    assert refused > 20


@pytest.mark.parametrize("seed", range(4))
def test_fuzzed_weights_give_one_error_or_load(whole: Path, tmp_path: Path, seed: int) -> None:
    """Bytes of the safetensors file, header included, with the hash made to fit."""
    draw = random.Random(seed)
    copy = Path(shutil.copytree(whole, tmp_path / "copy"))
    path = copy / "model.safetensors"
    data, refused = path.read_bytes(), 0
    header = int.from_bytes(data[:8], "little") + 8
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(draw.randint(1, 4)):
            changed[draw.randrange(header if draw.random() < 0.8 else len(data))] = draw.randrange(256)
        path.write_bytes(bytes(changed))
        rehash(copy)
        try:
            load(copy, kernels="torch")
        except ExportError:
            refused += 1
    assert refused > 20


def test_tensors_of_other_types_and_shapes_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    for name in tensors:
        for other in (tensors[name].double(), tensors[name][:-1].contiguous()):
            safetensors.torch.save_file({**tensors, name: other}, path)
            rehash(folder)
            if other.dtype == torch.float64 and ":" not in name:
                continue  # a bias in float64 is read as float32
            with pytest.raises(ExportError):
                load(folder, kernels="torch")
