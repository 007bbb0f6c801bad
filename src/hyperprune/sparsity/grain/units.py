"""Each unit of a recurrent layer is an entry; what no unit is in keeps single weights."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import torch
from torch import Tensor, nn

from hyperprune.sparsity.counts.apportion import with_capacity
from hyperprune.sparsity.counts.density import exact, live_total
from hyperprune.sparsity.counts.initial import by_pattern
from hyperprune.sparsity.parameters.prunable import Prunable
from hyperprune.sparsity.parameters.wiring import UnitLayer, unit_layers
from hyperprune.sparsity.rules import Tensors
from hyperprune.sparsity.variants.variant import PruningVariant


class Units:
    """Layers of units; see :class:`~hyperprune.sparsity.grain.contract.Grain`.

    The weights of a unit depend on which others live, so no number of units is a density of weights exactly:
    as many live as come nearest to it, the same part of every layer, and at least one of each. Matrices that
    no unit is in, such as the embedding of a network that is not tied, are a group of their own.

    Args:
        prunable: the matrices.
        model: whose layers are found.

    Raises:
        ConfigurationError: the model is no chain of recurrent layers.
    """

    whole = False

    def __init__(self, prunable: Prunable, model: nn.Module) -> None:
        self._prunable = prunable
        self._layers = {layer.name: layer for layer in unit_layers(model, prunable)}
        self._rows = {name: layer for layer in self._layers.values() for name in layer.rows}
        self._columns = {name: layer for layer in self._layers.values() for name in layer.columns}
        shapes = {name: tuple(parameter.shape) for name, parameter in prunable.parameters.items()}
        self._members = {n: s for n, s in shapes.items() if n in self._rows or n in self._columns}
        self._rest = {n: prunable.parameters[n].numel() for n in shapes if n not in self._members}
        groups = (tuple(self._layers), tuple(self._rest))
        self.groups: Sequence[tuple[str, ...]] = tuple(group for group in groups if group)

    def scored(self, tensors: Tensors) -> dict[str, Tensor]:
        """Sums of magnitudes over all that a unit is in; of the rest the tensors themselves."""
        found = {}
        for name, layer in self._layers.items():
            parts = [_by_row(tensors[n], layer) for n in layer.rows if n in tensors]
            parts += [_wide(tensors[n].abs()).sum(dim=0) for n in layer.columns if n in tensors]
            if name in tensors:  # what is in a row and in a column of the same unit counts once
                own = _wide(tensors[name].abs()).view(layer.gates, layer.units, layer.units)
                parts.append(-own.diagonal(dim1=1, dim2=2).sum(dim=0))
            if parts:
                found[name] = torch.stack(parts).sum(dim=0)
        return found | {name: tensors[name] for name in self._rest if name in tensors}

    def live(self, masks: Tensors) -> dict[str, Tensor]:
        """Units that live: those whose weight to themselves does."""
        found = {name: masks[name][: layer.units].diagonal() for name, layer in self._layers.items()}
        return found | {name: masks[name] for name in self._rest}

    def spread(self, entries: Tensors) -> dict[str, Tensor]:
        """Masks by parameter: live rows of live columns."""
        masks = {}
        for name in self._prunable.parameters:
            if name in self._rest:
                masks[name] = entries[name]
                continue
            rows, columns = self._members[name]
            device = next(iter(entries.values())).device
            mask = torch.ones(rows, columns, dtype=torch.bool, device=device)
            if name in self._rows:
                layer = self._rows[name]
                mask &= entries[layer.name].repeat(layer.gates)[:, None]
            if name in self._columns:
                mask &= entries[self._columns[name].name]
            masks[name] = mask
        return masks

    def first_counts(self, variant: PruningVariant) -> dict[str, int]:
        """Live units by layer, and live weights of the rest, floor(D * N + 0.5) of them."""
        counts = self._nearest(variant.density, self.factors(variant.density_factors))
        total = live_total(variant.density, sum(self._rest.values()))
        shares = {name: float(size) for name, size in self._rest.items()}
        return counts | with_capacity(shares, total, self._rest)

    def target(self, group: Sequence[str], density: float) -> int:
        """Units whose weights come nearest to the density; of the rest floor(D * N + 0.5)."""
        if group[0] in self._layers:
            return sum(self._nearest(density, {}).values())
        return live_total(density, sum(self._rest.values()))

    def factors(self, factors: Sequence[tuple[str, float]]) -> Mapping[str, float]:
        """Of layers, by their recurrent matrices; those of other matrices have no effect."""
        found = by_pattern(self._prunable, "density_factors", factors)
        return {name: factor for name, factor in found.items() if name in self._layers}

    def _nearest(self, density: float, factors: Mapping[str, float]) -> dict[str, int]:
        """The same part of every layer, so that layers of one size stay so and make one plain module."""
        wanted = exact(density) * sum(rows * columns for rows, columns in self._members.values())
        widest = max(layer.units for layer in self._layers.values())
        low, high = 1, math.ceil(widest / min([1.0, *factors.values()]))
        while low < high:  # the smallest part that has as many weights
            middle = (low + high) // 2
            enough = self._weights(self._part(Fraction(middle, widest), factors)) >= wanted
            low, high = (low, middle) if enough else (middle + 1, high)
        fewer = self._part(Fraction(max(low - 1, 1), widest), factors)
        more = self._part(Fraction(low, widest), factors)
        return fewer if wanted - self._weights(fewer) < self._weights(more) - wanted else more

    def _part(self, part: Fraction, factors: Mapping[str, float]) -> dict[str, int]:
        """Live units by layer, at least one of each."""
        asked = {n: part * exact(factors.get(n, 1.0)) * layer.units for n, layer in self._layers.items()}
        half = Fraction(1, 2)
        return {n: min(self._layers[n].units, max(1, math.floor(u + half))) for n, u in asked.items()}

    def _weights(self, counts: Mapping[str, int]) -> int:
        total = 0
        for name, (rows, columns) in self._members.items():
            own, read = self._rows.get(name), self._columns.get(name)
            tall = rows if own is None else own.gates * counts[own.name]
            total += tall * (columns if read is None else counts[read.name])
        return total


def _by_row(tensor: Tensor, layer: UnitLayer) -> Tensor:
    return _wide(tensor.abs()).view(layer.gates, layer.units, -1).sum(dim=(0, 2))


def _wide(tensor: Tensor) -> Tensor:
    """Half precision is summed in float32."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
