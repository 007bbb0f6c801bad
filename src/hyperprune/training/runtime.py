"""Where networks run."""

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator

from hyperprune.errors import ConfigurationError


class RuntimeConfig(BaseModel):
    """Where networks run. Threads change sums in the last bits, so they are part of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int = Field(1, ge=1, le=1024, description="Threads of each job.")
    device: str = Field("cpu", description="Such as cpu or cuda:0.")

    @field_validator("device")
    @classmethod
    def _present(cls, name: str) -> str:
        """A device that is not there fails now and not after the corpus was read."""
        try:
            torch.empty(0, device=name)
        except (RuntimeError, AssertionError, NotImplementedError):
            raise ConfigurationError(
                f"there is no device {name!r} here: give cpu"
                + (f" or cuda:0 to cuda:{torch.cuda.device_count() - 1}" if torch.cuda.is_available() else "")
            ) from None
        return name
