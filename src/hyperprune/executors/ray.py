"""Ray, for a cluster: Ray core alone, a task a job (https://docs.ray.io).

Ray's own processes exchange pickled objects. What we give it is the name of a function and JSON text, and
nothing that it gives back is anything but text; no file of a run is read by it.
"""

import json
import logging
import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.executors.contract import Payload
from hyperprune.executors.failures import JobError, describe
from hyperprune.executors.messages import Forward, Message, gave_up, hear, perform, settle
from hyperprune.executors.versions import check_versions
from hyperprune.executors.workers import Workers
from hyperprune.optional import try_import
from hyperprune.versions import versions

RETRIES = 2
_LISTEN_EVERY = 0.3  # seconds


@dataclass(eq=False)
class _Task:
    function: str
    payload: Payload
    future: Future[Any] = field(default_factory=Future)
    ref: Any = None


class RayCluster:
    """Runs jobs as Ray tasks, which wait until a node has the CPUs and GPUs that they take.

    A job whose worker or node dies is started again elsewhere, up to two times, and resumes from its last
    checkpoint, so all nodes must see the run folder under the same path.

    Args:
        workers: address, jobs at a time, and what each takes.
        listener: hears the progress of all jobs, one event at a time.

    Raises:
        ConfigurationError: Ray is not installed, there is no cluster at the address, or no node of it is
            large enough.
    """

    def __init__(self, workers: Workers, listener: Callable[[Any], None] = lambda _: None) -> None:
        self._ray, self._ours = _connected(workers.address)
        self._listener = listener
        self._lock = threading.RLock()
        self._waiting: deque[_Task] = deque()
        self._running: dict[Future[Any], _Task] = {}
        room = self._room(workers)
        self.workers = room if workers.count is None else min(room, workers.count)
        self._limit = workers.count or 1_000_000  # a cluster may grow
        self._remote = self._ray.remote(
            num_cpus=workers.threads,
            num_gpus=workers.gpu_share if workers.on_gpu else 0,
            max_retries=RETRIES,
            retry_exceptions=False,
        )(_perform)
        self._ear = self._ray.remote(num_cpus=0)(_Ear).options(scheduling_strategy=self._here()).remote()
        self._versions = versions()
        self._closed = threading.Event()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def submit(self, function: str, payload: Payload) -> Future[Any]:
        """Start the job as soon as the cluster has room for it."""
        task = _Task(function, payload)
        with self._lock:
            self._waiting.append(task)
            self._start()
        return task.future

    def cancel(self, future: Future[Any]) -> None:
        """End a job at once, wherever it is; its future raises ``CancelledError``."""
        with self._lock:
            task = self._running.get(future)
        if task is not None:
            self._ray.cancel(task.ref, force=True)
        else:
            future.cancel()

    def close(self) -> None:
        """End all jobs and leave the cluster; one that was started here ends."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._lock:
            waiting, running = list(self._waiting), list(self._running.values())
            self._running.clear()
        for task in waiting:
            task.future.cancel()
        self._listening.join()
        for task in running:
            self._ray.cancel(task.ref, force=True)
        if self._ours:
            self._ray.shutdown()  # ends all tasks of this driver
        for task in running:
            task.future.set_exception(CancelledError())

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._limit and not self._closed.is_set():
            task = self._waiting.popleft()
            if task.future.set_running_or_notify_cancel():
                task.ref = self._remote.remote(
                    task.function, json.dumps(task.payload), self._ear, self._versions
                )
                self._running[task.future] = task
                task.ref.future().add_done_callback(lambda done, task=task: self._ended(task, done))

    def _ended(self, task: _Task, done: Future[str]) -> None:
        """Pass on what became of a job; Ray calls this from a thread of its own."""
        with self._lock:
            if self._running.pop(task.future, None) is None:
                return  # closed
            self._start()
        errors = self._ray.exceptions
        error = done.exception()
        if error is None:
            settle(task.future, json.loads(done.result()))
        elif isinstance(error, errors.TaskCancelledError):
            task.future.set_exception(CancelledError())
        elif isinstance(error, errors.RayTaskError):  # not of the job, which answers with its errors
            task.future.set_exception(JobError(str(error)))
        else:
            how = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            task.future.set_exception(gave_up(RETRIES + 1, how))

    def _listen(self) -> None:
        while not self._closed.wait(_LISTEN_EVERY):
            try:
                said = self._ray.get(self._ear.take.remote())
            except self._ray.exceptions.RayError:
                return  # the progress is lost, the search is not
            for text in said:
                hear(json.loads(text), self._listener)

    def _here(self) -> Any:
        """The node of the driver: what it hears must not be lost with another one."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(self._ray.get_runtime_context().get_node_id(), soft=False)

    def _room(self, workers: Workers) -> int:
        """Jobs that the nodes hold at present."""
        room = 0
        for node in self._ray.nodes():
            if node["Alive"]:
                held = node["Resources"].get("CPU", 0) // workers.threads
                if workers.on_gpu:
                    held = min(held, node["Resources"].get("GPU", 0) // workers.gpu_share)
                room += int(held)
        if room == 0:
            if self._ours:
                self._ray.shutdown()
            needs = f"{workers.threads} CPUs" + (f" and {workers.gpu_share} GPUs" if workers.on_gpu else "")
            raise ConfigurationError(
                f"a job takes {needs}, which no node of the cluster has: lower --threads or gpu_share, or "
                "add a larger node"
            )
        return room


class _Ear:
    """An actor that keeps what jobs say until the driver takes it."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def hear(self, text: str) -> None:
        self._said.append(text)

    def take(self) -> list[str]:
        said, self._said = self._said, []
        return said


def _perform(function: str, payload: str, ear: Any, versions: dict[str, str]) -> str:
    """A job, in a process of Ray's on some node."""

    def say(message: Message) -> None:
        ear.hear.remote(json.dumps(message))

    forward = Forward(say)
    logging.getLogger().addHandler(forward)
    try:
        check_versions(versions)
        return json.dumps(perform(function, json.loads(payload), say))
    except ConfigurationError as error:
        return json.dumps({"error": describe(error)})
    finally:
        logging.getLogger().removeHandler(forward)


def _connected(address: str | None) -> tuple[Any, bool]:
    """Ray, connected to a cluster or to one that it starts here, and whether this call connected it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if "ray" not in sys.modules:  # Ray reads it once
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # whoever reaches a cluster can run code on it
    ray = try_import("ray", extra="ray", needed_by="the executor ray", instead="leave --executor out")
    if ray.is_initialized():
        return ray, False
    if address is None:
        where: dict[str, Any] = {
            "address": "local",
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }
    else:
        _check_address(address)
        where = {"address": address}
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **where)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise _no_cluster(address or "this machine", error) from None
    return ray, True


def _check_address(address: str) -> None:
    """Find out in seconds whether anybody listens: Ray would ask for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise _no_cluster(address, error) from None


def _no_cluster(address: str, error: Exception) -> ConfigurationError:
    said = " ".join(str(error).split())[:400]
    return ConfigurationError(
        f"cannot join a Ray cluster at {address} ({said}): give auto on a machine of the cluster, or the "
        "address that ray start printed, such as 10.0.0.1:6379"
    )
