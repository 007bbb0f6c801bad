"""What is measured of a network early: spectra, and the scores that others have proposed."""

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.files import write_bytes
from hyperprune.seeding import generator
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.training.measuring.hidden_covariance import covariance_score

STATES = ("hidden", "full")
SEQUENCES = 40  # of the minibatch that hidden covariance looks at

Means = dict[str, Tensor]  # by name, exponents ``(n,)`` in nats a step, -inf where a direction is dead


def spectra(network: nn.Module, task: OpenedTask, config: SpectrumConfig, prefix: str) -> Means:
    """Mean exponents of the two states, forward, along the inputs that a search takes."""
    choices = config.model_dump(exclude={"batch", "state"})
    found = {}
    for state in STATES:
        spectrum = task.spectrum(
            network, config.batch, config.warmup + config.steps, **choices, state=state
        ).in_nats()
        found[f"{prefix}{state}"] = mean_of(spectrum)
    return found


def mean_of(spectrum: lyapunov.Spectrum) -> Tensor:
    """Mean exponents ``(n,)``, float32, -inf where a direction is dead."""
    return spectrum.mean.to(torch.float32).masked_fill(~spectrum.alive, -math.inf)


def distance(one: Tensor, other: Tensor) -> float:
    """LS distance as a search takes it: l2 over what is alive in both, scaled to all directions."""
    alive = int((one.isfinite() & other.isfinite()).sum())
    value = lyapunov.distance(one, other)
    return value * math.sqrt(len(one) / alive) if alive else value


@torch.no_grad()
def hidden_covariance(network: nn.Module, task: OpenedTask, config: SpectrumConfig) -> float:
    """Of the last layer's outputs at the last step; smaller is to mean better.

    With v the eigenvalues of the correlation matrix of a minibatch's hidden states, the score is
    -sum(log(v + k) + 1 / (v + k)), k = 1e-5, and larger is better (Serianni and Kalita 2023, section 3.1);
    its sign is turned.
    """
    driven = task.driven(network, SEQUENCES, config.warmup + config.steps)
    outputs = driven.system(driven.inputs, driven.initial_state)[0][-1]
    return covariance_score(outputs)


def jacobian_size(network: nn.Module, task: OpenedTask, config: SpectrumConfig) -> float:
    """How far the mean squared singular value of the hidden state's Jacobian is from 1, as a logarithm.

    Zhang and Stadie (2020, "One-shot pruning of recurrent neural networks by Jacobian spectrum evaluation")
    prune so that this mean stays at 1. It is the expected squared norm of J'u over random u, here one for
    each counted step and sequence.
    """
    driven = task.driven(network, config.batch, config.warmup + config.steps)
    drawn = generator(0, "jacobian")
    total, size, state = 0.0, 0, driven.initial_state
    for t, inputs in enumerate(driven.inputs):
        hidden, cell = _parts(driven.system, inputs, state)
        hidden = hidden.detach().requires_grad_()
        _, after = driven.system(inputs[None], hidden if cell is None else (hidden, cell))
        out = after if cell is None else after[0]
        if t >= config.warmup:
            probe = torch.randn(out.shape, generator=drawn)
            (back,) = torch.autograd.grad(out, hidden, probe)
            total, size = total + float(back.square().sum()), size + out.numel()
        state = after.detach() if cell is None else (after[0].detach(), after[1].detach())
    return abs(float(torch.tensor(total / size).log()))


def _parts(system: Any, inputs: Tensor, state: Any) -> tuple[Tensor, Tensor | None]:
    """State h and cell c before a step; zeros at the start."""
    if state is None:
        zero = inputs.new_zeros(system.num_layers, len(inputs), system.hidden_size)
        state = (zero, zero) if isinstance(system, nn.LSTM) else zero
    return state if isinstance(state, tuple) else (state, None)


def write(path: Path, tensors: Means, facts: dict[str, Any]) -> None:
    """Keep means, and the facts beside them in the file's header."""
    write_bytes(path, save(tensors, {"facts": json.dumps(facts, sort_keys=True)}))


def read(path: Path) -> tuple[Means, dict[str, Any]]:
    """What :func:`write` wrote."""
    with safe_open(path, framework="pt") as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no mapping)
        return tensors, json.loads(stream.metadata()["facts"])
