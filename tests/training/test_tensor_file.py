"""Weights from files of anybody's: whatever is in them, one line, and no more memory than they hold."""

import io
import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hyperprune import files
from hyperprune.corpora import CorpusConfig
from hyperprune.errors import CheckpointError
from hyperprune.models import MODELS, ModelConfig
from hyperprune.tasks import Recipe, TextTask
from hyperprune.training import TrainingJob, load_network, run_job
from hyperprune.training.evaluation import loaded
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.weights_file import GivenWeights, load_given


class Foreign:
    """A class that no file of weights may hold."""


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def _saved(path: Path, held: Any, **how: Any) -> Path:
    torch.save(held, path, **how)
    return path


def _refused(path: Path) -> str:
    network = _network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(CheckpointError) as raised:
        load_given(network, GivenWeights(checkpoint=str(path)))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    line = str(raised.value)
    assert "\n" not in line
    assert str(path) in line
    assert "weights_only" not in line
    assert len(line) < 600
    return line


def test_both_formats_of_torch_and_safetensors_are_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    wanted = {"weight": torch.randn(2, 3), "bias": torch.randn(2)}
    save_file(wanted, tmp_path / "a.safetensors")
    paths = [
        tmp_path / "a.safetensors",
        _saved(tmp_path / "a.pt", wanted),
        _saved(tmp_path / "a.pth", wanted, _use_new_zipfile_serialization=False),
        _saved(tmp_path / "b.pt", {name: nn.Parameter(value) for name, value in wanted.items()}),
        _saved(tmp_path / "c.pt", {name: value.half() for name, value in wanted.items()}),
    ]
    for path in paths:
        network = _network()
        load_given(network, GivenWeights(checkpoint=str(path)))
        assert torch.allclose(network.weight, wanted["weight"], atol=1e-3)


def _sparse() -> torch.Tensor:
    return torch.eye(2, 3).to_sparse()


def _quantised() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.ones(2, 3), 0.1, 0, torch.qint8)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: torch.empty(2, 3, device="meta"), "no values"),
        (_sparse, "sparse"),
        (lambda: torch.eye(2, 3).to_sparse_csr(), "sparse"),
        (_quantised, "quantised|cannot be read as weights alone"),
        (lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(1)]), "nested|weights alone"),
        (lambda: torch.ones(2, 3, dtype=torch.complex64), "complex"),
        (lambda: torch.ones(2, 3, dtype=torch.int8), "no torch.float32"),
        (lambda: torch.ones(2, 3, dtype=torch.bool), "no torch.float32"),
        (lambda: torch.ones(1).expand(2**40), "of another network"),
    ],
)
def test_tensors_that_are_not_plain_weights_are_refused(
    tmp_path: Path, make: Callable[[], torch.Tensor], says: str
) -> None:
    """Complex weights lost their imaginary part without a word."""
    import re

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = _saved(tmp_path / "a.pt", {"weight": make(), "bias": torch.zeros(2)})
    assert re.search(says, _refused(path))


@pytest.mark.parametrize(
    "held",
    [
        [1, 2],
        torch.zeros(2),
        3,
        None,
        {"state_dict": {"weight": torch.zeros(2, 3)}, "epoch": 3},
        {1: torch.zeros(2, 3)},
        {"weight": 3.0},
        {},
    ],
)
def test_other_things_than_weights_are_refused(tmp_path: Path, held: Any) -> None:
    _refused(_saved(tmp_path / "a.pt", held))


def test_what_would_run_code_is_named_and_no_way_to_run_it(tmp_path: Path) -> None:
    """Torch's own message advises to load the file in the way that runs what it holds."""
    line = _refused(_saved(tmp_path / "a.pt", {"weight": Foreign()}))
    assert "Foreign" in line
    path = tmp_path / "b.pt"
    path.write_bytes(pickle.dumps(Foreign()))
    _refused(path)


def test_a_packed_archive_is_not_unpacked(tmp_path: Path) -> None:
    """A megabyte of a packed .pt took 1.3 GB."""
    plain = io.BytesIO()
    torch.save({"weight": torch.zeros(2, 3), "bias": torch.zeros(2**22)}, plain)
    with (
        zipfile.ZipFile(plain) as before,
        zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            after.writestr(entry.filename, before.read(entry))
    assert (tmp_path / "a.pt").stat().st_size < 2**17
    assert "packed" in _refused(tmp_path / "a.pt")


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    import random

    chance = random.Random(0)
    wholes = []
    for name, new in (("a.pt", True), ("b.pt", False)):
        path = _saved(tmp_path / name, {"weight": torch.ones(2, 3)}, _use_new_zipfile_serialization=new)
        wholes.append(path.read_bytes())
    path = tmp_path / "c.pt"
    for _ in range(300):
        data = bytearray(chance.choice(wholes))
        for _ in range(chance.choice([1, 3])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        _refused(path)


def test_a_pipe_or_nothing_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pt")
    assert "is not a file" in _refused(tmp_path / "a.pt")
    (tmp_path / "b.pt").symlink_to("b.pt")
    assert "is not a file" in _refused(tmp_path / "b.pt")


KINDS = sorted(MODELS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_is_compared_with_its_checkpoint_without_memory(tmp_path: Path, kind: str) -> None:
    small = {
        name: 4
        for name in ("embedding", "hidden", "experts", "chunk", "layers", "depth", "last_hidden")
        if name in MODELS[kind].model_fields
    }
    model = ModelConfig.model_validate({"kind": kind, **small})
    task = TextTask(corpus=CorpusConfig(max_train_tokens=600, max_vocabulary=20), model=model)
    run_job(TrainingJob(label="x", folder=tmp_path, task=task, recipe=Recipe(epochs=1), until=1))
    path = checkpoint.path(tmp_path, 1)
    assert load_network(path).training is False
    document = checkpoint.read_document(path)
    for name in small:
        for value in (5, 10**5, 10**12, 2**62):
            forged = {**document, "model": {**document["model"], name: value}}
            files.write_json(path.with_suffix(".json"), files.sealed(forged))
            with pytest.raises(CheckpointError, match=r"epoch-0001|another network|not know"):
                loaded(path)


def test_a_document_that_asks_for_a_huge_network_takes_no_memory(tmp_path: Path) -> None:
    """A document with 3 x 8,000 units took 5 GB before the shapes were compared."""
    model = ModelConfig.model_validate({"embedding": 4, "hidden": 4})
    task = TextTask(corpus=CorpusConfig(max_train_tokens=600, max_vocabulary=20), model=model)
    run_job(TrainingJob(label="x", folder=tmp_path, task=task, recipe=Recipe(epochs=1), until=1))
    path = checkpoint.path(tmp_path, 1)
    document = checkpoint.read_document(path)
    document["model"] |= {"hidden": 1600, "embedding": 1600}
    padded = {**checkpoint.load(path).tensors, "optim.x": torch.zeros(2000)}
    document.pop("sha256")
    checkpoint.save(tmp_path, checkpoint.Checkpoint(1, padded, document))
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom hyperprune.errors import CheckpointError\n"
        "from hyperprune.training import load_network\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    load_network(Path(sys.argv[1]))\nexcept CheckpointError:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60_000  # kB; the network takes 160 MB
