"""What must be the same on all nodes, because it decides bits."""

import platform
from importlib.metadata import version

from hyperprune import __version__
from hyperprune.errors import ConfigurationError


def versions() -> dict[str, str]:
    """Versions of this process."""
    own = {name: version(name) for name in ("torch", "numpy")}
    return own | {"hyperprune": __version__, "machine": platform.machine()}


def check_versions(driver: dict[str, str]) -> None:
    """Compare with the driver's.

    Raises:
        ConfigurationError: this node has others.
    """
    for name, here in versions().items():
        if driver.get(name) != here:
            raise ConfigurationError(
                f"{name} must be the same on all nodes, but {platform.node()} has {here} and the driver "
                f"{driver.get(name)}: install what the driver has"
            )
