"""Timing two things in turn, shared by the benchmarks of this folder."""

import statistics
import time
from collections.abc import Callable

Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}


def seconds(action: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Time of one call."""
    begin = clock()
    action()
    return clock() - begin


def alternate(
    one: Callable[[], object], other: Callable[[], object], pairs: int, clock: Clock = time.perf_counter
) -> tuple[float, float, float]:
    """Medians of both, and the median ratio of the second to the first within a pair."""
    one()
    other()  # the first step of each allocates
    times = []
    for index in range(pairs):  # who goes first alternates too
        a, b = (one, other) if index % 2 == 0 else (other, one)
        first, second = seconds(a, clock), seconds(b, clock)
        times.append((first, second) if index % 2 == 0 else (second, first))
    ratios = statistics.median(b / a for a, b in times)
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times), ratios
