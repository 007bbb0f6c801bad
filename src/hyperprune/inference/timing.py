"""Latency and throughput of engines on the machine at hand, measured in turn."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.inference.kernels import Engine
from hyperprune.inference.plain import PlainNetwork

BATCH = 20  # sequences of the throughput
_LEAST = 0.02  # seconds of one measurement, so that the clock does not matter


@dataclass(frozen=True)
class Timing:
    """Medians over the rounds.

    Attributes:
        latency: microseconds a token at batch 1.
        throughput: tokens a second at batch 20.
        slower: time a token at batch 1 beside that of the first engine, median of the rounds' ratios.
    """

    latency: float
    throughput: float
    slower: float


def timed(network: PlainNetwork, engines: Mapping[str, Engine], rounds: int = 9) -> dict[str, Timing]:
    """Each engine once a round, one after the other, so that a busy machine is as busy for all.

    Args:
        network: the sizes of all of them.
        engines: by name; the others are compared with the first.
        rounds: how often.
    """
    single = {name: _prepared(network, engine, 1) for name, engine in engines.items()}
    many = {name: _prepared(network, engine, BATCH) for name, engine in engines.items()}
    latencies: dict[str, list[float]] = {name: [] for name in engines}
    throughputs: dict[str, list[float]] = {name: [] for name in engines}
    for number in range(rounds):
        names = list(engines) if number % 2 == 0 else list(engines)[::-1]
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
        for name in engines
    }


def _prepared(network: PlainNetwork, engine: Engine, batch: int) -> Callable[[], float]:
    """A measurement of the microseconds of a step, over as many steps as it takes to measure well."""
    generator = torch.Generator().manual_seed(0)
    steps = 1
    while True:
        inputs = _inputs(network, steps, batch, generator)
        seconds = _seconds(network, engine, inputs)
        if seconds >= _LEAST or steps >= 4096:
            break
        steps *= 2 if seconds > _LEAST / 8 else 8
    return lambda: 1e6 * _seconds(network, engine, inputs) / steps


def _inputs(network: PlainNetwork, steps: int, batch: int, generator: torch.Generator) -> Tensor:
    if network.types:
        tokens = torch.randint(network.types, (steps, batch), generator=generator)
        return tokens.to(torch.int32)
    return torch.randn(steps, batch, network.inputs, generator=generator)


def _seconds(network: PlainNetwork, engine: Engine, inputs: Tensor) -> float:
    """Of one run from the zero state."""
    numbers = sum(network.units) * inputs.shape[1] * (2 if network.kind == "lstm" else 1)
    state = torch.zeros(numbers)
    begin = time.perf_counter()
    engine.run(inputs, state)
    return time.perf_counter() - begin
