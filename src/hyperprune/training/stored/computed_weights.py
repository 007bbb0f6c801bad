"""Names that stand for parts of a weight which a module computes anew at every step, and how to undo that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Computed:
    """A way to compute weights.

    Attributes:
        called: what it is called.
        ends: the ends of the names of its parts, beside each other.
        remedy: what makes plain weights of them before saving.
    """

    called: str
    ends: tuple[str, ...]
    remedy: str


_KINDS = (
    Computed(
        "weight-normed",
        (".original0", ".original1"),
        'torch.nn.utils.parametrize.remove_parametrizations(module, "{weight}")',
    ),
    Computed(
        "parametrised",
        (".original",),
        'torch.nn.utils.parametrize.remove_parametrizations(module, "{weight}")',
    ),
    Computed("weight-normed", ("_g", "_v"), 'torch.nn.utils.remove_weight_norm(module, "{weight}")'),
    Computed("pruned by torch", ("_orig", "_mask"), 'torch.nn.utils.prune.remove(module, "{weight}")'),
)
_PARAMETRISED = "parametrizations."


def computed_in(names: Iterable[str], others: Mapping[str, object] | Iterable[str]) -> str | None:
    """Why names and others do not agree, where some of the names are parts of a computed weight.

    Args:
        names: those that one side has.
        others: those of the other side.

    Returns:
        A clause such as "it is weight-normed ... call ... before saving"; None where nothing is computed.
    """
    have, beside = set(names), set(others)
    for name in sorted(have - beside):
        for kind in _KINDS:
            end = kind.ends[0]
            stem = name.removesuffix(end)
            if name == stem or not all(stem + other in have for other in kind.ends):
                continue
            if end.startswith(".") and _PARAMETRISED not in stem:
                continue
            whole = stem.replace(_PARAMETRISED, "")
            parts = " and ".join(stem + other for other in kind.ends)
            remedy = kind.remedy.format(weight=whole.rpartition(".")[2])
            return f"{whole} is {kind.called} there, kept as {parts}: call {remedy}"
    return None
