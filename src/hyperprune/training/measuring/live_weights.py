"""Live weights of every matrix, the gates of a recurrent matrix apart."""

from collections.abc import Mapping

from torch import Tensor, nn

from hyperprune.sparsity import unwrap
from hyperprune.sparsity.parameters.gates import gates_of


def live_weights(network: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, int]:
    """Live weights by block: ``decoder.weight``, or ``recurrent.weight_hh_l0[forget]`` for a gate.

    Args:
        network: its parameters of two or more dimensions are counted, a shared one once.
        masks: bool, by the name of the parameter; one without a mask counts whole.

    A layer that is not torch's says by ``gate_rows`` how many rows each of its gates has.
    """
    counts: dict[str, int] = {}
    network = unwrap(network)  # masks have the names of the network inside a compiled one
    known = gates_of(network)
    for name, parameter in network.named_parameters():
        if parameter.dim() < 2:
            continue
        own = known.get(parameter)
        gates = {"": parameter.shape[0]} if own is None or len(own.rows) == 1 else dict(own.rows)
        mask = masks.get(name)
        sizes = list(gates.values())
        parts = parameter.detach().split(sizes) if mask is None else mask.split(sizes)
        for gate, part in zip(gates, parts, strict=True):
            block = f"{name}[{gate}]" if gate else name
            counts[block] = part.numel() if mask is None else int(part.sum())
    return counts
