"""hyperprune finds the pruned variant of a recurrent network that is as good as the dense one."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("hyperprune")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
