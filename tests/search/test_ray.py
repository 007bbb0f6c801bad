"""A search on a Ray cluster of two nodes, in a network of its own, because Ray listens beyond loopback."""

import importlib.util
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import lonely
import pytest
from drivers import children, gone, start, until
from small_search import bits, finished, not_trained_again, small

from hyperprune.errors import ConfigurationError
from hyperprune.executors import Workers
from hyperprune.search import Event, run
from hyperprune.training import Progress

pytestmark = pytest.mark.slow
HERE = Path(__file__)


@pytest.mark.timeout(1500)  # a dozen tests, most of which start processes
def test_ray_in_a_network_of_its_own() -> None:
    """The tests below and the contract of executors, where nothing but loopback can be reached."""
    if lonely.is_lonely():
        pytest.skip("this is the network of its own")
    reason = lonely.why_not()
    if reason:
        pytest.skip(reason)
    contract = HERE.parents[1] / "contracts" / "test_executors.py"
    command = [sys.executable, "-m", "pytest", "-m", "slow", "-k", "ray", str(contract), str(HERE), "-rs"]
    done = subprocess.run(lonely.alone(command), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.fixture
def cluster() -> Any:
    return lonely.ray_cluster()


def _on_ray(cluster: Any) -> dict[str, Any]:
    return {"runtime__executor": "ray", "runtime__address": cluster.address}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The search in one process."""
    if not lonely.is_lonely():
        pytest.skip("Ray listens beyond loopback: the first test runs this in a network of its own")
    folder = tmp_path_factory.mktemp("calm") / "run"
    run(small(), folder)
    return folder


def test_ray_gives_the_same_bytes(cluster: Any, calm: Path, tmp_path: Path) -> None:
    heard: list[Event] = []
    run(small(**_on_ray(cluster)), tmp_path / "run", listener=heard.append)
    assert bits(tmp_path / "run") == bits(calm)
    assert any(isinstance(event, Progress) and event.steps for event in heard)


def test_ray_loses_a_node(cluster: Any, calm: Path, tmp_path: Path) -> None:
    """The second node is killed while jobs run on both; it comes back later, or never."""
    folder, before = tmp_path / "run", {}
    node = cluster.add_node(num_cpus=2, node_ip_address="127.0.0.1")
    lost = threading.Event()

    def lose(event: Event) -> None:
        """Three networks train at a time, so one of them at least does so on the new node."""
        if isinstance(event, Progress) and event.label == "candidate 4" and not lost.is_set():
            lost.set()
            before.update(finished(folder))
            cluster.remove_node(node, allow_graceful=False)

    run(small(runtime__workers=4, **_on_ray(cluster)), folder, listener=lose)
    assert lost.is_set()
    assert before
    assert not_trained_again(before, folder)
    assert bits(folder) == bits(calm)


def test_ray_shares_a_gpu(cluster: Any, calm: Path) -> None:
    """A node says that it has a GPU; two jobs of half a GPU fit, and each sees it."""
    from hyperprune.executors.ray import RayCluster

    node = cluster.add_node(num_cpus=8, num_gpus=1, node_ip_address="127.0.0.1")
    executor = RayCluster(Workers(device="cuda", gpu_share=0.5, address=cluster.address))
    try:
        assert executor.workers == 2
        job = {"name": "CUDA_VISIBLE_DEVICES", "pause": 0}
        futures = [executor.submit("worker_jobs:variable", job) for _ in range(4)]
        assert [future.result() for future in futures] == ["0"] * 4
    finally:
        executor.close()
        cluster.remove_node(node)


def test_ray_is_refused_where_it_cannot_serve(cluster: Any, calm: Path, tmp_path: Path) -> None:
    too_large = small(runtime__threads=64, **_on_ray(cluster))
    with pytest.raises(ConfigurationError, match="a job takes 64 CPUs, which no node of the cluster has"):
        run(too_large, tmp_path / "large")
    with pytest.raises(ConfigurationError, match=r"cannot join a Ray cluster at 127\.0\.0\.1:1"):
        run(small(runtime__executor="ray", runtime__address="127.0.0.1:1"), tmp_path / "nowhere")


def test_interrupt_ends_the_ray_that_was_started_here(calm: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    driver = start(tmp_path / "run", "--executor", "ray")
    until(lambda: driver.poll() is not None or list(tmp_path.glob("run/*/epoch-*.json")))
    processes = children(driver.pid)
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=30) == 130
    assert len(processes) >= 2
    until(lambda: all(gone(process) for process in processes), seconds=30)
