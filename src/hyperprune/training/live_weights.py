"""Live weights of every matrix, the gates of a recurrent matrix apart."""

from collections.abc import Mapping

from torch import Tensor, nn

from hyperprune.sparsity import unwrap

# the gates that torch stacks along the rows of a recurrent matrix, in its order
_GATES: tuple[tuple[type[nn.Module], tuple[str, ...]], ...] = (
    (nn.LSTM, ("input", "forget", "cell", "output")),
    (nn.LSTMCell, ("input", "forget", "cell", "output")),
    (nn.GRU, ("reset", "update", "new")),
    (nn.GRUCell, ("reset", "update", "new")),
)


def live_weights(network: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, int]:
    """Live weights by block: ``decoder.weight``, or ``recurrent.weight_hh_l0[forget]`` for a gate.

    Args:
        network: its parameters of two or more dimensions are counted, a shared one once.
        masks: bool, by the name of the parameter; one without a mask counts whole.

    A layer that is not torch's says by ``gate_rows`` how many rows each of its gates has.
    """
    counts: dict[str, int] = {}
    network = unwrap(network)  # masks have the names of the network inside a compiled one
    for name, parameter in network.named_parameters():
        if parameter.dim() < 2:
            continue
        gates = _gates(network, name, parameter.shape[0])
        mask = masks.get(name)
        sizes = list(gates.values())
        parts = parameter.detach().split(sizes) if mask is None else mask.split(sizes)
        for gate, part in zip(gates, parts, strict=True):
            block = f"{name}[{gate}]" if gate else name
            counts[block] = part.numel() if mask is None else int(part.sum())
    return counts


def _gates(network: nn.Module, name: str, rows: int) -> Mapping[str, int]:
    """Rows of each gate stacked in a parameter; all without a name if there are none."""
    owner, _, own = name.rpartition(".")
    if own.startswith(("weight_ih", "weight_hh")):
        module = network.get_submodule(owner)
        stacked = getattr(module, "gate_rows", None)
        if isinstance(stacked, Mapping):
            return stacked
        for kind, gates in _GATES:
            if isinstance(module, kind):
                return dict.fromkeys(gates, rows // len(gates))
    return {"": rows}
