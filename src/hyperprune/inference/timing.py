"""Latency and throughput of networks on the machine at hand, measured in turn."""

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hyperprune.inference.kernels import Engine
from hyperprune.inference.plain import PlainNetwork

BATCH = 20  # sequences of the throughput
_LEAST = 0.02  # seconds of one measurement, so that the clock does not matter
_MOST_STEPS = 4096
_TRIES = 3  # of which the fastest counts: where others work too, one run of a step may take long enough

Action = Callable[[], object]
Timed = Callable[[int, int], Action]  # from steps and batch to a run over so much, from the zero state


@dataclass(frozen=True)
class Timing:
    """Medians over the rounds.

    Attributes:
        latency: microseconds a token at batch 1.
        throughput: tokens a second at batch 20.
        slower: time a token at batch 1 beside that of the first one, median of the rounds' ratios.
    """

    latency: float
    throughput: float
    slower: float


def timed(runs: Mapping[str, Timed], rounds: int = 9) -> dict[str, Timing]:
    """Each once a round, one after the other, so that a busy machine is as busy for all.

    Args:
        runs: by name; the others are compared with the first.
        rounds: how often.
    """
    single = {name: _prepared(run, 1) for name, run in runs.items()}
    many = {name: _prepared(run, BATCH) for name, run in runs.items()}
    latencies: dict[str, list[float]] = {name: [] for name in runs}
    throughputs: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        names = list(runs) if number % 2 == 0 else list(runs)[::-1]
        for name in names:
            latencies[name].append(single[name]())
            throughputs[name].append(1e6 * BATCH / many[name]())
    first = next(iter(latencies.values()))
    return {
        name: Timing(
            latency=statistics.median(latencies[name]),
            throughput=statistics.median(throughputs[name]),
            slower=statistics.median(own / base for own, base in zip(latencies[name], first, strict=True)),
        )
        for name in runs
    }


def engine_runs(network: PlainNetwork, engine: Engine) -> Timed:
    """A plain network on an engine, on random inputs."""

    def prepare(steps: int, batch: int) -> Action:
        generator = torch.Generator().manual_seed(0)
        if network.types:
            inputs = torch.randint(network.types, (steps, batch), generator=generator).to(torch.int32)
        else:
            inputs = torch.randn(steps, batch, network.inputs, generator=generator)
        numbers = sum(network.units) * batch * (2 if network.kind == "lstm" else 1)
        return lambda: engine.run(inputs, torch.zeros(numbers))

    return prepare


def module_runs(module: nn.Module, types: int) -> Timed:
    """A language model of torch, on random tokens ``(time, batch)`` below ``types``."""

    @torch.no_grad()
    def run(tokens: Tensor) -> object:
        return module(tokens)

    def prepare(steps: int, batch: int) -> Action:
        tokens = torch.randint(types, (steps, batch), generator=torch.Generator().manual_seed(0))
        return lambda: run(tokens)

    return prepare


def _prepared(run: Timed, batch: int) -> Callable[[], float]:
    """A measurement of the microseconds of a step, over as many steps and runs as it takes."""
    steps = 1
    while True:
        action = run(steps, batch)
        seconds = min(_seconds(action) for _ in range(_TRIES))
        if seconds >= _LEAST or steps >= _MOST_STEPS:
            break
        steps *= 2 if seconds > _LEAST / 8 else 8
    runs = max(1, math.ceil(_LEAST / max(seconds, 1e-6)))

    def several() -> None:
        for _ in range(runs):
            action()

    return lambda: 1e6 * _seconds(several) / steps / runs


def _seconds(action: Action) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin
