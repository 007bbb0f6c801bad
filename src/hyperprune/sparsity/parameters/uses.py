"""How often a step multiplies by each matrix, and how many gates lie in its rows."""

from collections.abc import Mapping

from torch import nn

from hyperprune.sparsity.parameters.gates import gates_of
from hyperprune.sparsity.parameters.prunable import unwrap

Uses = dict[str, tuple[int, int]]


def uses(network: nn.Module) -> Uses:
    """Products a step and gates of each matrix, by its first name in the state dictionary.

    An embedding is looked up and takes no product, unless another module has its weights too. Whatever else
    has two dimensions counts one product. A network that takes another number says so in ``products_a_step``,
    by name, as a mixture of softmaxes does. Gates of different sizes count as one.
    """
    network = unwrap(network)
    looked_up = {
        id(weight): True
        for module in network.modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag)
        for weight in module.parameters(recurse=False)
    }
    for module in network.modules():
        if not isinstance(module, nn.Embedding | nn.EmbeddingBag):
            looked_up |= {id(weight): False for weight in module.parameters(recurse=False)}
    own = getattr(network, "products_a_step", None)
    given = own if isinstance(own, Mapping) else {}
    gated = {id(weight): own.rows for weight, own in gates_of(network).items()}
    found: dict[int, tuple[str, tuple[int, int]]] = {}
    for name, weight in network.state_dict(keep_vars=True).items():
        if weight.dim() != 2:
            continue
        rows = gated.get(id(weight), ())
        gates = len(rows) if len({count for _, count in rows}) == 1 else 1
        first, (times, _) = found.get(id(weight), (name, (int(not looked_up.get(id(weight), True)), gates)))
        found[id(weight)] = first, (int(given.get(name, times)), gates)
    return dict(found.values())
