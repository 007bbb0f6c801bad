"""Where networks run."""

from pydantic import BaseModel, ConfigDict, Field

from hyperprune.config.decisive import FREE


class RuntimeConfig(BaseModel):
    """Where networks run. Threads change sums in the last bits, so they are part of the run.

    CUDA graphs start the same kernels in the same order, so they are not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int = Field(1, ge=1, le=1024, description="Threads of each job.")
    device: str = Field("cpu", description="Device, such as cpu or cuda:0.")
    cuda_graphs: bool = Field(
        False,
        description="On a CUDA device, start the loops over time of rhn and on-lstm as CUDA graphs while "
        "training: far fewer launches for more memory, not yet tried on a GPU. Changes nothing elsewhere. "
        "May change when a run is resumed.",
        json_schema_extra=FREE,
    )
