"""Executors by name, made from what a run says about its workers."""

import logging
import os
from collections.abc import Callable
from typing import Any

from hyperprune.accelerators import CUBLAS
from hyperprune.errors import ConfigurationError
from hyperprune.executors.contract import Executor
from hyperprune.executors.in_process import InProcess
from hyperprune.executors.processes import Processes
from hyperprune.executors.workers import Workers
from hyperprune.registry import Registry

Listen = Callable[[Any], None]

logger = logging.getLogger(__name__)


EXECUTORS: Registry[Callable[[Workers, Listen], Executor]] = Registry("executor")


def make_executor(name: str | None, workers: Workers, listener: Listen) -> Executor:
    """An executor.

    Args:
        name: of the registry; None for ``in-process`` with one worker and ``processes`` with more.
        workers: what it is made from.
        listener: hears the progress of jobs.

    Raises:
        ConfigurationError: an unknown name, or an address that the executor has no use for.
    """
    chosen = name or ("processes" if (workers.count or 1) > 1 else "in-process")
    if workers.address is not None and chosen in ("in-process", "processes"):
        raise ConfigurationError(
            f"address {workers.address!r} is for a cluster, and {chosen} has none: give --executor ray"
        )
    return EXECUTORS[chosen](workers, listener)


@EXECUTORS.register("in-process")
def _in_process(workers: Workers, listener: Listen) -> Executor:
    if (workers.count or 1) > 1:
        raise ConfigurationError(
            f"in-process has one worker, got {workers.count}: give --executor processes or leave it out"
        )
    return InProcess(listener)


@EXECUTORS.register("processes")
def _processes(workers: Workers, listener: Listen) -> Executor:
    wanted = workers.count or 1
    room = max(1, _cores() // workers.threads)
    if wanted > room:
        logger.warning(
            "%d workers of %d threads are more than this machine holds: %d at a time, the others wait",
            wanted,
            workers.threads,
            room,
        )
    return Processes(min(wanted, room), listener, _gpus(workers.device), workers.preload)


@EXECUTORS.register("ray")
def _ray(workers: Workers, listener: Listen) -> Executor:
    from hyperprune.executors.ray import RayCluster

    return RayCluster(workers, listener)


def _cores() -> int:
    """Cores that this process may use; all of the machine where the system does not say (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus(device: str) -> list[dict[str, str]]:
    """Variables of the workers of GPUs: a visible card for each in turn, where the device names none."""
    if not device.startswith("cuda"):
        return [{}]
    own = {name: value for name, value in CUBLAS.items() if name not in os.environ}
    if device != "cuda":
        return [own]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        import torch

        visible = ",".join(str(number) for number in range(torch.cuda.device_count()))
    return [{**own, "CUDA_VISIBLE_DEVICES": number} for number in visible.split(",")]
