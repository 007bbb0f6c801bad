"""What Tab offers after an option: copies of names whose own rooms take seconds to import."""

from collections.abc import Callable

CHOICES = {
    "level": ("word", "character"),
    "optimizer": ("adam", "adamw", "nt-asgd", "sgd", "snt-asgd"),
    "metric": ("loss", "ls", "rank"),
    "executor": ("in-process", "processes", "ray"),
    "method": (
        "dsr",
        "gradual_magnitude",
        "one_shot_magnitude",
        "rigl",
        "selfish_rnn",
        "set",
        "snfs",
        "static",
    ),
    "sparse_init": ("er", "uniform"),
    "death": ("global_magnitude", "magnitude", "set", "threshold"),
    "growth": ("gradient", "momentum", "random"),
    "redistribution": ("magnitude", "momentum", "none", "nonzeros"),
    "decay": ("constant", "cosine", "cosine_to_zero", "linear"),
    "part": ("train", "valid", "test"),
    "state": ("hidden", "full"),
    "direction": ("forward", "adjoint"),
    "convention": ("paper",),
}


def one_of(role: str) -> Callable[[str], list[str]]:
    """The names of a role that begin with what has been typed."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in CHOICES[role] if name.startswith(incomplete)]

    return complete
