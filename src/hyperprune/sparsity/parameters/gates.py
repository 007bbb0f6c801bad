"""Which rows of a recurrent layer's matrices belong to which gate."""

from dataclasses import dataclass

from torch import nn

_TORCH: tuple[tuple[type[nn.Module], tuple[str, ...]], ...] = (
    (nn.LSTM, ("input", "forget", "cell", "output")),
    (nn.LSTMCell, ("input", "forget", "cell", "output")),
    (nn.GRU, ("reset", "update", "new")),
    (nn.GRUCell, ("reset", "update", "new")),
    (nn.RNN, ("hidden",)),
    (nn.RNNCell, ("hidden",)),
)


@dataclass(frozen=True)
class Gates:
    """The gates of one matrix.

    Attributes:
        rows: number of rows by gate, from the top down.
        recurrent: whether its columns are the units themselves, so that it has a diagonal.
    """

    rows: tuple[tuple[str, int], ...]
    recurrent: bool


def gates_of(model: nn.Module) -> dict[nn.Parameter, Gates]:
    """The gates of every matrix ``weight_ih*`` and ``weight_hh*`` of a recurrent module.

    Known are torch's modules and cells, and every module with ``gate_rows``, a mapping from the name of each
    gate to its rows.
    """
    found: dict[nn.Parameter, Gates] = {}
    for module in model.modules():
        names = next((gates for kind, gates in _TORCH if isinstance(module, kind)), None)
        if names is not None:
            rows = tuple((name, int(module.hidden_size)) for name in names)  # type: ignore[arg-type]
        elif isinstance(getattr(module, "gate_rows", None), dict):
            rows = tuple(module.gate_rows.items())  # type: ignore[operator, union-attr]
        else:
            continue
        for name, parameter in module.named_parameters(recurse=False):
            fits = parameter.dim() == 2 and parameter.shape[0] == sum(count for _, count in rows)
            if fits and name.startswith(("weight_ih", "weight_hh")):
                found[parameter] = Gates(rows, name.startswith("weight_hh"))
    return found
