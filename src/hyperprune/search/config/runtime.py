"""Where the networks of a search run, and how many at a time."""

from pydantic import Field, field_validator

from hyperprune.config.decisive import FREE
from hyperprune.executors import EXECUTORS, Workers
from hyperprune.training import RuntimeConfig
from hyperprune.training.entry_points import TRAIN


class SearchRuntime(RuntimeConfig):
    """Where networks run. Threads change sums in the last bits, so they are part of the run; workers are not.

    Keys that may change when a search resumes decide nothing about its result: they are no part of its
    digest and are not written to config.toml.
    """

    workers: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Networks that train at a time. If left out: one, or with Ray as many as the "
        "cluster can hold. May change when a search is resumed.",
        json_schema_extra=FREE,
    )
    executor: str | None = Field(
        None,
        description="Where they train: in-process, processes or ray. If left out: in-process for one "
        "worker, processes for more. May change when a search is resumed.",
        json_schema_extra=FREE,
    )
    address: str | None = Field(
        None,
        description="Address of a Ray cluster, such as auto or 10.0.0.1:6379; if left out, Ray starts "
        "on this machine. May change when a search is resumed.",
        json_schema_extra=FREE,
    )
    gpu_share: float = Field(
        1.0,
        gt=0,
        le=16,
        description="GPUs that a network takes with Ray: 0.25 lets four share one. May change when a "
        "search is resumed.",
        json_schema_extra=FREE,
    )

    @property
    def jobs(self) -> Workers:
        """What the executor is made from."""
        preload = (TRAIN.partition(":")[0],)
        return Workers(self.workers, self.threads, self.device, self.gpu_share, self.address, preload)

    @field_validator("executor")
    @classmethod
    def _known_executor(cls, name: str | None) -> str | None:
        if name is not None:
            EXECUTORS[name]
        return name
