"""Which matrices a hidden unit is in: its rows in its own layer, its columns in all that read it."""

import itertools
from dataclasses import dataclass

from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.parameters.prunable import Prunable

_GATES: dict[type[nn.RNNBase], int] = {nn.LSTM: 4, nn.GRU: 3, nn.RNN: 1}
_NONE = "units are those of nn.LSTM, nn.GRU and nn.RNN, one way and without a projection"


@dataclass(frozen=True)
class UnitLayer:
    """A recurrent layer whose units can be taken out.

    Attributes:
        name: of its recurrent matrix.
        units: number of them.
        gates: number of gates; a unit has a row in each.
        rows: matrices whose rows are the units, gate by gate.
        columns: matrices whose columns are the units: the recurrent one, and those of the readers.
    """

    name: str
    units: int
    gates: int
    rows: tuple[str, ...]
    columns: tuple[str, ...]


def unit_layers(model: nn.Module, prunable: Prunable) -> tuple[UnitLayer, ...]:
    """The layers of a chain of recurrent modules, from the bottom up.

    Modules read each other in their order in the model. The last one is read by the ``nn.Linear`` that
    follows and is as wide as it, or by those that the model names in an attribute ``readers``. Where nobody
    reads it, its units are the network's outputs and stay. If a reader's matrix is an embedding's too, the
    features of that embedding go with the units, and the columns of the first layer with them.

    Raises:
        ConfigurationError: no such chain, no layer that is read, or an excluded matrix that a unit is in.
    """
    chain = _chain(model)
    names = {id(parameter): name for name, parameter in prunable.parameters.items()}
    layers: list[tuple[nn.RNNBase, int]] = [(m, number) for m in chain for number in range(m.num_layers)]

    def name_of(parameter: object, what: str) -> str:
        if id(parameter) not in names:
            raise ConfigurationError(
                f"units are taken out of every matrix that they are in, got {what} excluded: leave it in"
            )
        return names[id(parameter)]

    found = []
    for place, (module, number) in enumerate(layers):
        own = [
            name_of(getattr(module, f"weight_{kind}_l{number}"), f"weight_{kind}_l{number}")
            for kind in ("ih", "hh")
        ]
        if place + 1 < len(layers):
            above, level = layers[place + 1]
            readers = [name_of(getattr(above, f"weight_ih_l{level}"), f"weight_ih_l{level}")]
        else:
            readers = [name_of(weight, what) for weight, what in _last_readers(model, chain)]
        if readers:
            columns = (own[1], *readers)
            found.append(UnitLayer(own[1], module.hidden_size, _gates(module), tuple(own), columns))
    if not found:
        raise ConfigurationError(
            "pattern 'units' needs a recurrent layer whose units another one reads, got a network where "
            "nobody does: put an nn.Linear after it, or choose a pattern of blocks"
        )
    return tuple(found)


def _chain(model: nn.Module) -> list[nn.RNNBase]:
    chain = [module for module in model.modules() if isinstance(module, nn.RNNBase)]
    odd = [m for m in chain if m.bidirectional or m.proj_size or not isinstance(m, tuple(_GATES))]
    own = [m for m in model.modules() if hasattr(m, "gate_rows") or isinstance(m, nn.RNNCellBase)]
    if not chain or odd or own:
        raise ConfigurationError(
            f"{_NONE}, got {type((odd or own or [model])[0]).__name__}: choose a pattern of blocks"
        )
    for below, above in itertools.pairwise(chain):
        if below.hidden_size != above.input_size:
            raise ConfigurationError(
                f"recurrent modules must read each other in their order, got {below.hidden_size} units "
                f"before {above.input_size} inputs: choose a pattern of blocks"
            )
    return chain


def _last_readers(model: nn.Module, chain: list[nn.RNNBase]) -> list[tuple[Tensor, str]]:
    """Matrices whose columns are the units of the last layer, and what they are called."""
    width, modules = chain[-1].hidden_size, list(model.named_modules())
    declared = [(prefix, m.readers) for prefix, m in modules if hasattr(m, "readers")]
    if declared:
        prefix, given = declared[0]
        wanted = {f"{prefix}.{name}" if prefix else name for name in given}
        readers = [(name, m) for name, m in modules if name in wanted and isinstance(m, nn.Linear)]
        fits = len(readers) == len(wanted) and all(m.in_features == width for _, m in readers)
    else:
        place = next(number for number, (_, module) in enumerate(modules) if module is chain[-1])
        after = [(name, m) for name, m in modules[place:] if isinstance(m, nn.Linear)]
        readers = [(name, m) for name, m in after if m.in_features == width]
        fits = len(readers) <= 1
    if not fits:
        raise ConfigurationError(
            f"one nn.Linear must read the {width} units of the last recurrent layer, got "
            f"{', '.join(name for name, _ in readers) or 'none of those that readers names'}: give the model "
            "an attribute readers, a list of the names of the modules that read them"
        )
    matrices: list[tuple[Tensor, str]] = [(module.weight, name) for name, module in readers]
    tables = [m for _, m in modules if isinstance(m, nn.Embedding)]
    tied = [m for m in tables if any(m.weight is weight for weight, _ in matrices)]
    if tied:
        if chain[0].input_size != width:
            raise ConfigurationError(
                f"a tied embedding must feed the first recurrent layer, got {width} features and a layer of "
                f"{chain[0].input_size} inputs: choose a pattern of blocks"
            )
        matrices.append((chain[0].get_parameter("weight_ih_l0"), "weight_ih_l0"))
    return matrices


def _gates(module: nn.RNNBase) -> int:
    return next(count for kind, count in _GATES.items() if isinstance(module, kind))
