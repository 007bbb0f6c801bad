"""Recording work of a CUDA device as a CUDA graph, in the way that torch's notes on CUDA recommend.

Written from torch 2.13's ``torch/cuda/graphs.py`` and its notes, and not yet run on a card:

* Work warms up on the stream that it is captured on. There, cuBLAS makes its workspace and the driver loads
  kernels, neither of which may happen during a capture.
* The thread's device is that of the tensors, since ``torch.cuda.graph`` waits for the current device and
  would open another card; and the stream is given, since torch keeps one for all devices.
* Unsafe calls of other threads do not end a capture (``thread_local``): a backward pass captures in
  autograd's thread, beside which a checkpoint may be written.
* A failed capture leaves torch's own context on the side stream; the stream is put back here.
* All graphs of one recorder are captured on one stream and so share cuBLAS's workspace, which torch frees
  with the first of them (issue 193402 of pytorch): they end together. Replays must not overlap: only work of
  the stream that came first is served.

After a capture that CUDA itself refuses (``cudaErrorStreamCaptureInvalidated``) torch's allocator believes
that it still goes on: it keeps cached memory that it could give back, and later captures of the process fail
in ``empty_cache``. CUDA refuses waiting, and what is recorded here waits for nothing; running out of memory
has no such consequence.
"""

from collections.abc import Callable, Hashable

import torch
from torch import Tensor

from hyperprune.accelerators import allows_tf32

_WARM_UPS = 3  # as torch's make_graphed_callables has by default


class CudaGraphs:
    """Records work of one CUDA stream."""

    def __init__(self) -> None:
        self._served: torch.cuda.Stream | None = None
        self._side: torch.cuda.Stream | None = None

    def serves(self, like: Tensor) -> bool:
        """Whether the tensor's work goes to the stream that came first, and nobody captures it already."""
        if like.device.type != "cuda" or torch.cuda.is_current_stream_capturing():
            return False
        stream = torch.cuda.current_stream(like.device)
        if self._served is None:
            self._served = stream
        return stream == self._served

    def modes(self) -> Hashable:
        """What chooses between kernels of a product or a sum."""
        matmul = torch.backends.cuda.matmul
        return allows_tf32(matmul, matmul), torch.are_deterministic_algorithms_enabled()

    def record(self, work: Callable[[], tuple[Tensor, ...]]) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        """Warm up and capture.

        Raises:
            RuntimeError: there is no memory, or ``work`` does what cannot be captured.
        """
        assert self._served is not None, "only what is served is recorded"
        with torch.cuda.device(self._served.device):
            if self._side is None:
                self._side = torch.cuda.Stream()
            self._side.wait_stream(self._served)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.stream(self._side):
                for _ in range(_WARM_UPS):
                    work()
                with torch.cuda.graph(graph, stream=self._side, capture_error_mode="thread_local"):
                    results = work()
            self._served.wait_stream(self._side)
        return graph.replay, results

    def settle(self) -> None:
        """Wait for the card: memory of a graph must not be given back while a replay uses it."""
        if self._served is not None:
            torch.cuda.synchronize(self._served.device)
