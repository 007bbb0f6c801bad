"""Where networks run."""

from pydantic import BaseModel, ConfigDict, Field


class RuntimeConfig(BaseModel):
    """Where networks run. Threads change sums in the last bits, so they are part of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int = Field(1, ge=1, le=1024, description="Threads of each job.")
    device: str = Field("cpu", description="Device, such as cpu or cuda:0.")
