"""The spectra of a checkpoint in every convention, kept as mean exponents, and their distances."""

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from hyperprune import lyapunov
from hyperprune.corpora import load as load_corpus
from hyperprune.files import write_bytes
from hyperprune.tasks import SpectrumConfig
from hyperprune.tasks.text.language_modelling import LanguageModelling
from hyperprune.training import JobFolder, TrainingJob, load_network

_SAMPLING = SpectrumConfig()
CONVENTIONS: dict[str, dict[str, Any]] = {
    f"{state}-{direction}": {
        "state": state,
        "direction": direction,
        "warmup": _SAMPLING.warmup,
        "steps": _SAMPLING.steps,
    }
    for state in lyapunov.STATES
    for direction in lyapunov.DIRECTIONS
} | {"paper": {"preset": "paper"}}
DEFAULT = "hidden-forward"  # what a search takes, and so is there for every epoch
KINDS = ("l2", "wasserstein")

Means = dict[str, Tensor]  # by convention, exponents (n,) in nats a step, float32, layer 1 first


def measure(job: TrainingJob, epoch: int) -> tuple[Means, dict[str, int]]:
    """Mean exponents of a job's checkpoint by convention, and how many logarithms were cut at the floor.

    The inputs are those of the spectrum that a search takes; hidden-forward is read, not computed again.
    """
    task = LanguageModelling(load_corpus(job.task.corpus), job.task.model, job.recipe)
    inputs = task.spectrum_inputs(_SAMPLING.batch, _SAMPLING.warmup + _SAMPLING.steps)
    network = load_network(job.folder / f"epoch-{epoch:04d}.safetensors")
    taken = {
        name: JobFolder(job.folder).spectrum(epoch)
        if name == DEFAULT
        else lyapunov.spectrum(network, inputs, **choices)
        for name, choices in CONVENTIONS.items()
    }
    means = {name: mean_exponents(spectrum) for name, spectrum in taken.items()}
    return means, {name: int(spectrum.clamped.sum()) for name, spectrum in taken.items()}


def write(path: Path, tensors: Means, clamped: dict[str, Any]) -> None:
    """Keep means, and the counts beside them in the file's header."""
    write_bytes(path, save(tensors, {"clamped": json.dumps(clamped, sort_keys=True)}))


def read(path: Path) -> tuple[Means, dict[str, Any]]:
    """What :func:`write` wrote."""
    with safe_open(path, framework="pt") as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no mapping)
        return tensors, json.loads(stream.metadata()["clamped"])


def distances(means: Means, dense: Means) -> dict[str, float | None]:
    """Distance in nats a step for every ``convention/kind``; None for an infinite one, which JSON has not.

    The conventions of the paper take the logarithm of zero as it is: dead units then lie infinitely far.
    """
    return {
        f"{name}/{kind}": rounded(means[name], dense[name], kind) for name in CONVENTIONS for kind in KINDS
    }


def rounded(mean: Tensor, dense: Tensor, kind: str) -> float | None:
    """One distance, to the seven digits that float32 exponents bear; None for an infinite one."""
    distance = lyapunov.distance(mean, dense, kind)
    return None if math.isinf(distance) else float(f"{distance:.7g}")


def mean_exponents(spectrum: lyapunov.Spectrum) -> Tensor:
    """What is kept of a spectrum: ``(n,)`` in nats a step, float32."""
    return spectrum.in_nats().mean.to(torch.float32)
