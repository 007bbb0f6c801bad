"""The number format of training steps decides a run, is never chosen silently, and ends with the step."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from hyperprune import lyapunov
from hyperprune.corpora import CorpusConfig
from hyperprune.errors import ConfigurationError
from hyperprune.models import MODELS
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.tasks.precision import check_card, exact_format, training_format
from hyperprune.training import JobFolder, TrainingJob, epoch, load_network, run_job
from hyperprune.training.job import task_of
from hyperprune.training.stored.checkpoint import path as weights_path

SPECTRUM = SpectrumConfig(batch=2, steps=5, warmup=1)


def job(folder: Path, precision: str, kind: str = "gru", until: int = 2) -> TrainingJob:
    return TrainingJob(
        label="test",
        folder=folder,
        task=TextTask(
            corpus=CorpusConfig(max_train_tokens=2000, max_vocabulary=80),
            model=MODELS[kind](embedding=16, hidden=16),
        ),
        recipe=Recipe(epochs=3, learning_rate=5.0, precision=precision),
        spectrum=SPECTRUM,
        until=until,
    )


def test_a_configuration_without_the_key_stays_what_it_was() -> None:
    """The default is not written, so digests and identities of older runs are those of before."""
    assert "precision" not in Recipe().model_dump(mode="json")
    assert Recipe.model_validate({"epochs": 3}) == Recipe(epochs=3, precision="float32")
    assert Recipe(precision="bfloat16").model_dump(mode="json")["precision"] == "bfloat16"
    assert Recipe.model_validate_json(Recipe(precision="bfloat16").model_dump_json()).precision == "bfloat16"


def test_precision_is_part_of_what_a_network_is(tmp_path: Path) -> None:
    assert job(tmp_path, "bfloat16").identity != job(tmp_path, "float32").identity


@pytest.mark.parametrize("kind", MODELS)
def test_bfloat16_trains_every_network_and_keeps_its_weights_wide(kind: str, tmp_path: Path) -> None:
    exact = run_job(job(tmp_path / "exact", "float32", kind, until=1))
    narrow = run_job(job(tmp_path / "narrow", "bfloat16", kind, until=1))
    (one,), (other,) = exact.epochs, narrow.epochs
    assert other.train_loss != one.train_loss
    assert other.valid_loss == pytest.approx(one.valid_loss, rel=0.02)  # both barely above an untrained one
    tensors = load_file(weights_path(tmp_path / "narrow", 1))
    assert {t.dtype for name, t in tensors.items() if name.startswith("model.")} == {torch.float32}


def test_spectra_and_evaluation_are_those_of_the_float32_weights(tmp_path: Path) -> None:
    """What a run in bfloat16 stored is, bit for bit, what its weights give without any autocast."""
    described = job(tmp_path, "bfloat16")
    history = run_job(described)
    network = load_network(weights_path(tmp_path, 2))
    task = task_of(described)
    stored = JobFolder(tmp_path).spectrum(2)
    again = task.spectrum(network, 2, 6, **SPECTRUM.model_dump(exclude={"batch"}))
    assert torch.equal(stored.exponents, again.exponents)
    assert lyapunov.distance(stored, again) == 0
    assert history.last.valid_loss == task.evaluate(network, "valid")


def test_bfloat16_killed_and_resumed_as_in_one_piece(tmp_path: Path) -> None:
    """Autocast keeps rounded weights while it is on: those of a step must not outlive it."""
    whole = run_job(job(tmp_path / "whole", "bfloat16", until=3))
    run_job(job(tmp_path / "pieces", "bfloat16", until=1))
    assert run_job(job(tmp_path / "pieces", "bfloat16", until=3)) == whole
    for path in (tmp_path / "whole").glob("*.safetensors"):
        assert (tmp_path / "pieces" / path.name).read_bytes() == path.read_bytes()


def test_rounded_weights_are_made_anew_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As without autocast's cache of rounded weights, which is right whatever the context outlives."""
    run_job(job(tmp_path / "cached", "bfloat16", "stacked-lstm", until=1))
    fresh = partial(torch.autocast, "cpu", dtype=torch.bfloat16, cache_enabled=False)
    monkeypatch.setattr(epoch, "training_format", lambda *_: fresh())
    run_job(job(tmp_path / "fresh", "bfloat16", "stacked-lstm", until=1))
    found, expected = (load_file(weights_path(tmp_path / name, 1)) for name in ("cached", "fresh"))
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_tf32_is_refused_where_there_is_none(tmp_path: Path) -> None:
    """And not taken for something else; nothing is trained or written."""
    with pytest.raises(ConfigurationError, match="tf32 is a format of CUDA devices"):
        run_job(job(tmp_path / "run", "tf32"))
    assert not list((tmp_path / "run").glob("epoch-*"))


@pytest.mark.parametrize("precision", ["bfloat16", "tf32"])
def test_a_card_that_lacks_a_format_is_refused(
    precision: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By torch's own answers for the job's card: unasked it counts bfloat16 that is imitated as there."""
    current = [0]

    @contextmanager
    def made_current(device: torch.device) -> Iterator[None]:
        before, current[0] = current[0], device.index
        yield
        current[0] = before

    generations = {0: 9, 1: 7}  # an H100 and a V100
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device", made_current)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: current[0])
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda number: SimpleNamespace(major=generations[number])
    )
    monkeypatch.setattr(torch.cuda, "_check_bf16_tensor_supported", lambda _: True)
    check_card(precision, torch.device("cuda:0"))
    check_card("float32", torch.device("cuda:1"))
    old = job(tmp_path / "run", precision).model_copy(update={"device": "cuda:1"})
    with pytest.raises(
        ConfigurationError, match=rf"{precision} needs a card .* cuda:1 does not: give float32"
    ):
        task_of(old)


def test_tf32_is_allowed_inside_a_step_alone() -> None:
    """The switches are plain flags, which no card is needed for; cuDNN's is on by torch's default."""
    flags = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [flag.allow_tf32 for flag in flags]
    device = torch.device("cuda")
    with training_format("tf32", device):
        assert all(flag.allow_tf32 for flag in flags)
    for inside in (training_format("float32", device), exact_format(device)):
        with inside:
            assert not any(flag.allow_tf32 for flag in flags)
    assert [flag.allow_tf32 for flag in flags] == before


@pytest.fixture
def switches() -> Iterator[None]:
    """Torch's switches of both generations are as they were afterwards."""
    parts = (torch.backends.cudnn.conv, torch.backends.cudnn.rnn, torch.backends.cuda.matmul)
    yield
    torch.backends.fp32_precision = "none"
    torch.set_float32_matmul_precision("highest")
    for part, precision in zip(parts, ("tf32", "tf32", "none"), strict=True):
        part.fp32_precision = precision


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "rnn"), reason="this torch has the old switches alone")
@pytest.mark.parametrize("said", ["everything tf32", "layers apart", "generations apart", "high"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "tf32"])
def test_whatever_switches_say_outside_a_run_computes_as_it_says(
    precision: Any, said: str, switches: None
) -> None:
    """A process that allowed tf32 in torch's newer way; its answers to the older one would be errors."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    if said == "everything tf32":
        torch.backends.fp32_precision = "tf32"
    elif said == "layers apart":
        cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision = "tf32", "ieee"
    else:
        torch.set_float32_matmul_precision("high")
        if said == "generations apart":
            matmul.fp32_precision = "ieee"

    def states() -> list[str]:
        return [part.fp32_precision for part in (cudnn.conv, cudnn.rnn, matmul)]

    before, device = states(), torch.device("cuda")
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that there is no card to narrow on
            with training_format(precision, device):
                assert states() == ["tf32" if precision == "tf32" else "ieee"] * 3
                assert matmul.allow_tf32 == (precision == "tf32")
            with exact_format(device):
                assert states() == ["ieee"] * 3
        assert states() == before


def test_bfloat16_narrows_on_its_own_device(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = torch.autocast
    monkeypatch.setattr(
        torch, "autocast", lambda device, **kwargs: asked.append((device, kwargs)) or real("cpu", **kwargs)
    )
    for name in ("cpu", "cuda:1"):
        with training_format("bfloat16", torch.device(name)):
            pass
    assert asked == [(kind, {"dtype": torch.bfloat16}) for kind in ("cpu", "cuda")]
