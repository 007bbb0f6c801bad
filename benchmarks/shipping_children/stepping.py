"""Processor time of a step, shared by the children of benchmarks/shipping.py."""

import statistics
import time
from collections.abc import Callable

ROUNDS, LEAST = 5, 0.05  # seconds of a round


def latency(step: Callable[[], object]) -> float:
    """Microseconds, the median of a few rounds."""
    step()
    begin = time.process_time()
    step()
    count = max(1, int(LEAST / max(time.process_time() - begin, 1e-6)))
    found = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(count):
            step()
        found.append(1e6 * (time.process_time() - begin) / count)
    return statistics.median(found)
