"""A network namespace that has loopback only, for what listens beyond loopback whatever it is told.

As a program it brings loopback up and becomes the command that it is given:
``unshare --map-root-user --net python lonely.py COMMAND...``
"""

import fcntl
import functools
import importlib.util
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x1 | 0x40

RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_worker_niceness": "0",  # Ray would give its workers less than whatever else runs
    # workers find what tests let them run
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
}


def is_lonely() -> bool:
    """Whether this process can reach no other machine."""
    return {name for _, name in socket.if_nameindex()} <= {"lo"}


def alone(command: list[str]) -> list[str]:
    """The command that runs ``command`` in a network namespace of its own."""
    return ["unshare", "--map-root-user", "--net", sys.executable, __file__, *command]


def why_not() -> str | None:
    """Why there can be no such namespace here, if so."""
    if shutil.which("unshare") is None:
        return "there is no unshare command, and Ray must run where nothing but loopback can be reached"
    tried = subprocess.run(alone(["true"]), capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no network namespace can be made: {tried.stderr.strip()}"


@functools.cache
def ray_cluster() -> Any:
    """A Ray cluster of two nodes of one CPU each on this machine; it ends with this process."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    if not is_lonely():
        pytest.skip("Ray listens beyond loopback: test_ray.py runs this in a network of its own")
    os.environ |= RAY_ENVIRONMENT
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(**node)
    return cluster


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        fcntl.ioctl(channel, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))


if __name__ == "__main__":
    _raise_loopback()
    os.execvp(sys.argv[1], sys.argv[1:])
