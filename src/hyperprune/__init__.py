"""hyperprune finds the pruned variant of a recurrent network that is as good as the dense one."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperprune.search.results.load import load

try:
    __version__ = version("hyperprune")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    """``load`` is imported when it is first used: it brings torch, which takes seconds."""
    if name == "load":
        from hyperprune.search.results.load import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
