"""What a run says about its workers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workers:
    """What an executor is made from.

    Attributes:
        count: jobs at a time; None for as many as there is room for with Ray, else one.
        threads: threads of each job.
        device: where the networks of a job run, such as ``cpu``, ``cuda`` or ``cuda:1``.
        gpu_share: GPUs that a job takes in a cluster.
        address: of a cluster.
        preload: modules that all jobs need, which processes load before their first one.
    """

    count: int | None = None
    threads: int = 1
    device: str = "cpu"
    gpu_share: float = 1.0
    address: str | None = None
    preload: tuple[str, ...] = ()

    @property
    def on_gpu(self) -> bool:
        """Whether jobs run on a GPU."""
        return self.device.startswith("cuda")
