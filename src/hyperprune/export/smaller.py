"""A network without the units that were pruned as a whole, as the pattern ``units`` does: a smaller one."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from hyperprune.errors import HyperpruneError
from hyperprune.export.check import TOLERANCE, difference
from hyperprune.export.subject import Subject
from hyperprune.export.trace import Traced, trace
from hyperprune.inference.description import PlainNames
from hyperprune.inference.plain import GATES
from hyperprune.models import ModelConfig, planned

_MODULES: dict[str, type[nn.LSTM | nn.GRU | nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


@dataclass(frozen=True, eq=False)
class _Kept:
    """What stays.

    Attributes:
        units: of each layer, bool ``(H,)``.
        features: of the embedded tokens, bool ``(E,)``; all where there is no embedding.
    """

    units: list[Tensor]
    features: Tensor

    @property
    def whole(self) -> bool:
        """Whether nothing goes."""
        return bool(self.features.all()) and all(bool(own.all()) for own in self.units)


def without_dead_units(subject: Subject, traced: Traced) -> tuple[Subject, Traced]:
    """The network without the units, and features of embedded tokens, of which no weight lives.

    Nothing that it gives depends on them (intrinsic sparse structures, Wen et al. 2018), so what is left is a
    plain network of smaller layers. Layers of one module stay of one size. Where the smaller module does not
    give the same outputs, as one that knows its sizes by heart, everything stays as it is.

    Args:
        subject: what is exported.
        traced: the plain network inside it.
    """
    if traced.names is None or traced.outputs is None:
        return subject, traced
    kept = _equalised(subject, traced.names, _alive(subject, traced.names))
    if kept.whole:
        return subject, traced
    try:
        cut, slices = _cut(subject.network, traced.names, kept)
        model = None if subject.model is None else _described(subject, cut, kept)
        found = trace(cut, subject.inputs)
    except (HyperpruneError, ValidationError, RuntimeError, TypeError, ValueError):
        return subject, traced
    if found.names is None or found.outputs is None or found.outputs.shape != traced.outputs.shape:
        return subject, traced
    if not difference(found.outputs, traced.outputs) <= TOLERANCE:
        return subject, traced
    masks = {
        n: mask[slices[n][0]][:, slices[n][1]] if n in slices else mask for n, mask in subject.masks.items()
    }
    return replace(subject, network=cut, masks=masks, model=model), found


def _alive(subject: Subject, names: PlainNames) -> _Kept:
    """Units and features that have a weight, to whoever reads them or of their own."""
    matrices, (_, tied) = subject.matrices({}), subject.parameters()

    def live(name: str) -> Tensor:
        return matrices[tied.get(name, name)].live

    def by_unit(name: str) -> Tensor:
        return live(name).any(dim=1).view(len(GATES[names.kind]), -1).any(dim=0)

    units = []
    for number, layer in enumerate(names.layers):
        above = names.layers[number + 1].weight_ih if number + 1 < len(names.layers) else names.decoder
        own = by_unit(layer.weight_ih) | by_unit(layer.weight_hh) | live(layer.weight_hh).any(dim=0)
        # units that nobody reads are the network's outputs
        units.append(torch.ones_like(own) if above is None else own | live(above).any(dim=0))
    features = live(names.layers[0].weight_ih).any(dim=0)
    if names.embedding is None:
        features = torch.ones_like(features)
    else:
        features = features | live(names.embedding).any(dim=0)
        if names.decoder is not None and live(names.decoder) is live(names.embedding):
            units[-1] = features = units[-1] | features
    return _Kept([_one_at_least(own) for own in units], _one_at_least(features))


def _one_at_least(kept: Tensor) -> Tensor:
    found = kept.clone()
    found[0] |= not bool(kept.any())
    return found


def _equalised(subject: Subject, names: PlainNames, kept: _Kept) -> _Kept:
    """As many units in all layers of a module; of one width, where a description has one number for them."""
    owners = [layer.weight_hh.rpartition(".")[0] for layer in names.layers]
    groups = owners if subject.model is None else [str(len(own)) for own in kept.units]
    most: dict[str, int] = {}
    for group, own in zip(groups, kept.units, strict=True):
        most[group] = max(most.get(group, 0), int(own.sum()))
    units = [_filled(own, most[group]) for own, group in zip(kept.units, groups, strict=True)]
    tied = names.embedding is not None and len(kept.features) == len(units[-1])
    same = tied and torch.equal(kept.features, kept.units[-1])
    return _Kept(units, units[-1] if same else kept.features)


def _filled(kept: Tensor, count: int) -> Tensor:
    """The first ones that would go stay, until there are as many as wanted."""
    missing = (~kept).nonzero()[: count - int(kept.sum()), 0]
    found = kept.clone()
    found[missing] = True
    return found


def _cut(
    network: nn.Module, names: PlainNames, kept: _Kept
) -> tuple[nn.Module, Mapping[str, tuple[Tensor, Tensor]]]:
    """A copy with smaller modules in place of its own, and the rows and columns that stay of each matrix."""
    twin, gates = copy.deepcopy(network), len(GATES[names.kind])
    slices: dict[str, tuple[Tensor, Tensor]] = {}
    state = network.state_dict()
    below = kept.features
    for owner in dict.fromkeys(layer.weight_hh.rpartition(".")[0] for layer in names.layers):
        old = network.get_submodule(owner)
        assert isinstance(old, nn.RNNBase)
        numbers = [n for n, x in enumerate(names.layers) if x.weight_hh.rpartition(".")[0] == owner]
        made = _MODULES[names.kind](
            int(below.sum()),
            int(kept.units[numbers[0]].sum()),
            old.num_layers,
            bias=old.bias,
            batch_first=old.batch_first,
            dropout=old.dropout,
        ).eval()
        for number, layer in zip(numbers, [names.layers[n] for n in numbers], strict=True):
            own = kept.units[number]
            rows = own.repeat(gates).nonzero()[:, 0]
            slices[layer.weight_ih] = (rows, below.nonzero()[:, 0])
            slices[layer.weight_hh] = (rows, own.nonzero()[:, 0])
            for name in (layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh):
                if name is not None:
                    value = state[name][rows]
                    value = value[:, slices[name][1]] if name in slices else value
                    made.get_parameter(name.rpartition(".")[2]).data.copy_(value)
            below = own
        _put(twin, owner, made)
    _cut_around(twin, names, kept, slices)
    return twin, slices


def _cut_around(
    twin: nn.Module, names: PlainNames, kept: _Kept, slices: dict[str, tuple[Tensor, Tensor]]
) -> None:
    """The same for the embedding and the decoder; one matrix stays one."""
    tables: dict[int, nn.Parameter] = {}
    for name, columns in ((names.embedding, kept.features), (names.decoder, kept.units[-1])):
        if name is None:
            continue
        owner = name.rpartition(".")[0]
        module = twin.get_submodule(owner)
        weight = module.get_parameter("weight")
        chosen = columns.nonzero()[:, 0]
        slices[name] = (torch.arange(len(weight)), chosen)
        own = tables.setdefault(id(weight), nn.Parameter(weight.detach()[:, chosen].clone()))
        made: nn.Module
        if isinstance(module, nn.Embedding):
            made = nn.Embedding(len(weight), len(chosen), padding_idx=module.padding_idx)
        else:
            assert isinstance(module, nn.Linear)
            made = nn.Linear(len(chosen), len(weight), bias=module.bias is not None)
            made.bias = module.bias
        made.register_parameter("weight", own)
        _put(twin, owner, made)


def _put(network: nn.Module, name: str, module: nn.Module) -> None:
    owner, _, own = name.rpartition(".")
    if not name:
        raise ValueError("a bare recurrent module has no reader")
    parent: Any = network.get_submodule(owner)
    parent._modules[own] = module


def _described(subject: Subject, cut: nn.Module, kept: _Kept) -> dict[str, Any]:
    """Kind and sizes of the smaller network.

    Raises:
        ValueError: no network of this kind has them.
    """
    assert subject.model is not None
    sizes = {"hidden": int(kept.units[0].sum()), "embedding": int(kept.features.sum())}
    model = {**subject.model, **sizes}
    plan = planned(ModelConfig.model_validate(model), len(subject.vocabulary or ()))
    shapes = {name: value.shape for name, value in plan.state_dict().items()}
    if shapes != {name: value.shape for name, value in cut.state_dict().items()}:
        raise ValueError("its layers are of sizes that its description cannot say")
    return model
