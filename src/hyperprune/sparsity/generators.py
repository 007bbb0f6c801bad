"""Where the randomness of masks comes from."""

import torch

from hyperprune.errors import ConfigurationError


def cpu_generator(generator: torch.Generator | None) -> torch.Generator:
    """The given generator, which must be on the CPU, or one of a fixed seed.

    Raises:
        ConfigurationError: it is on another device.
    """
    if generator is None:
        return torch.Generator().manual_seed(0)
    if generator.device.type != "cpu":
        raise ConfigurationError(
            f"the generator must be on the CPU, so that masks don't depend on the device, got "
            f"{generator.device}: give torch.Generator()"
        )
    return generator
