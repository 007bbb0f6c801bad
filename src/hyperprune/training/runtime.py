"""Where networks run."""

import torch
from pydantic import BaseModel, ConfigDict, Field

from hyperprune.errors import ConfigurationError


class RuntimeConfig(BaseModel):
    """Where networks run. Threads change sums in the last bits, so they are part of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int = Field(1, ge=1, le=1024, description="Threads of each job.")
    device: str = Field("cpu", description="Such as cpu or cuda:0.")


def check_device(name: str) -> None:
    """Find out whether networks can train on a device of this machine.

    Called before training and never when a stored configuration is read, so that the folder of a run on a
    GPU opens on a machine without one.

    Raises:
        ConfigurationError: there is none of that name, or it holds no numbers.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ConfigurationError(f"there is no device {name!r} here: {_choice()}") from None
    if device.type == "meta":
        raise ConfigurationError(
            f"the device {name!r} holds no numbers, so nothing trains there: {_choice()}"
        )


def _choice() -> str:
    gpus = f" or cuda:0 to cuda:{torch.cuda.device_count() - 1}" if torch.cuda.is_available() else ""
    return f"give cpu{gpus}"
