"""hyperprune finds the pruned variant of a recurrent network that is as good as the dense one.

What most people need stands here: ``configure`` or ``for_task``, then ``run``, later ``load`` and
``compare``; ``Task``, ``Epoch`` and ``Score`` for a task of your own. Sparse training alone is in
:mod:`hyperprune.sparsity`, Lyapunov spectra are in :mod:`hyperprune.lyapunov`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperprune.inference import load_pretrained
    from hyperprune.search import compare, configure, configure_training, for_task, load, run, smallest
    from hyperprune.tasks import Epoch, Score, Task
    from hyperprune.training import prune, train

    __version__: str

# imported when first used: they bring torch, which takes seconds; until the command line has its own way to
# end at Ctrl-C, every import is time in which Python's is seen
_HOMES = {
    "compare": "hyperprune.search",
    "configure": "hyperprune.search",
    "configure_training": "hyperprune.search",
    "for_task": "hyperprune.search",
    "load": "hyperprune.search",
    "load_pretrained": "hyperprune.inference",
    "prune": "hyperprune.training",
    "run": "hyperprune.search",
    "smallest": "hyperprune.search",
    "train": "hyperprune.training",
    "Epoch": "hyperprune.tasks",
    "Score": "hyperprune.tasks",
    "Task": "hyperprune.tasks",
}

__all__ = [
    "Epoch",
    "Score",
    "Task",
    "__version__",
    "compare",
    "configure",
    "configure_training",
    "for_task",
    "load",
    "load_pretrained",
    "prune",
    "run",
    "smallest",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _HOMES:
        from pkgutil import resolve_name

        return resolve_name(f"{_HOMES[name]}:{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("hyperprune")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})
