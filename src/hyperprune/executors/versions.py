"""What must be the same on all nodes, because it decides bits."""

import platform

from hyperprune.errors import ConfigurationError
from hyperprune.versions import Versions, versions


def check_versions(driver: Versions) -> None:
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
