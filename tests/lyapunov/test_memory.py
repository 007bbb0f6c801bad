"""Peak memory of a call, in a fresh process, where nothing measured before hides it."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from pathlib import Path
import torch
from torch import nn
from hyperprune import lyapunov

def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024

size, batch, direction = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
module, inputs = nn.LSTM(size, size, 2), torch.randn(4, batch, size)
lyapunov.spectrum(nn.LSTM(8, 8, 2), torch.randn(4, batch, 8))  # libraries are loaded before the measurement
before = status("VmRSS")
lyapunov.spectrum(module, inputs, state="hidden", direction=direction)
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc/self/status, which only Linux has"
)
@pytest.mark.parametrize(("direction", "batch"), [("forward", 1), ("adjoint", 4)])
def test_rise_of_peak_memory_is_bounded(direction: str, batch: int) -> None:
    size = 700
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(size), str(batch), direction],
        capture_output=True,
        text=True,
        check=True,
    )
    allowed = 8 * size**2 * 4 * batch * 2 + 64 * 2**20
    assert int(done.stdout) <= allowed
