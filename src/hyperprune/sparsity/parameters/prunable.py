"""Which parameters of a model are prunable, and which of them share one budget."""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.parameters.computed import foreign_weights
from hyperprune.sparsity.parameters.gates import Gates, gates_of
from hyperprune.sparsity.parameters.storage import overlap


@dataclass(frozen=True)
class Prunable:
    """The matrices of a model that are pruned.

    Attributes:
        parameters: by name, in the order of ``named_parameters``.
        budgets: names of the parameters that share one budget, by the name of the first; most budgets have
            one.
        gates: of the matrices of recurrent layers.
        lookups: names of embeddings by token, of which a step reads one row.
    """

    parameters: dict[str, nn.Parameter]
    budgets: dict[str, tuple[str, ...]]
    gates: Mapping[str, Gates] = field(default_factory=dict)
    lookups: frozenset[str] = frozenset()

    def join(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From one tensor a parameter to one a budget: members stacked along the rows.

        A budget whose members are not given is left out.
        """
        return {
            name: tensors[name] if len(members) == 1 else torch.cat([tensors[m] for m in members])
            for name, members in self.budgets.items()
            if all(member in tensors for member in members)
        }

    def part(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The inverse of :meth:`join`."""
        parts: dict[str, Tensor] = {}
        for name, members in self.budgets.items():
            rows = [self.parameters[member].shape[0] for member in members]
            parts |= zip(members, tensors[name].split(rows), strict=True)
        return {name: parts[name] for name in self.parameters}


def matches(name: str, pattern: str) -> bool:
    """True if ``pattern`` is the name, the name of a module around it, or a wildcard (``*.bias``) for it."""
    return fnmatch.fnmatchcase(name, pattern) or name.startswith(pattern + ".")


def unwrap(model: nn.Module) -> nn.Module:
    """The network inside DistributedDataParallel or ``torch.compile``, so that names don't depend on them."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if isinstance(model, nn.parallel.DistributedDataParallel):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def find_prunable(
    model: nn.Module, *, exclude: Sequence[str] = (), share_budget: Sequence[Sequence[str]] = ()
) -> Prunable:
    """Every parameter of two or more dimensions that no pattern of ``exclude`` names.

    A tied parameter counts once, under its first name; a pattern that names any of its names excludes it. A
    parameter of one entry is a scale and never pruned.

    Args:
        model: any module.
        exclude: names, names of modules, or wildcards.
        share_budget: groups of patterns; the parameters that a group names share one budget, as the gates of
            a recurrent layer do that a network stores one by one.

    Raises:
        ConfigurationError: a pattern names nothing, nothing is left to prune, members of a budget differ in
            their columns, or a mask would not be one of a weight: where a module computes its weight from
            parameters, or where two parameters hold the same numbers.
    """
    names: dict[nn.Parameter, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise ConfigurationError(f"{name} has no shape yet: run the model once before sparse training")
        names.setdefault(parameter, []).append(name)
    matrices = {
        parameter: aliases
        for parameter, aliases in names.items()
        if parameter.dim() >= 2 and parameter.numel() != 1
    }
    excluded = [p for pattern in exclude for p in _named(pattern, names)]
    parameters = {aliases[0]: p for p, aliases in matrices.items() if not any(p is q for q in excluded)}
    if not parameters:
        raise ConfigurationError(
            "a model needs a parameter of two or more dimensions to prune, none is left: exclude fewer"
        )
    _refuse_computed(model, parameters)
    _refuse_overlaps(parameters, {aliases[0]: p for p, aliases in names.items()})
    gates = gates_of(model)
    tables = [m.weight for m in model.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)]
    return Prunable(
        parameters,
        _budgets(parameters, names, share_budget),
        {name: gates[parameter] for name, parameter in parameters.items() if parameter in gates},
        frozenset(name for name, p in parameters.items() if any(p is table for table in tables)),
    )


def _refuse_computed(model: nn.Module, parameters: Mapping[str, nn.Parameter]) -> None:
    """A mask on what a weight is computed from is none of the weight: half its rows may go empty."""
    for weight, sources, undo in foreign_weights(model):
        masked = [name for name in sources if name in parameters]
        if masked:
            raise ConfigurationError(
                f"{weight} is computed from {' and '.join(masked)}, whose masks would not be its own: undo "
                f"that first ({undo}) or exclude {masked[0].rpartition('.')[0] or masked[0]!r}"
            )


def _refuse_overlaps(parameters: Mapping[str, nn.Parameter], every: Mapping[str, nn.Parameter]) -> None:
    """Two masks on the same numbers would undo each other's counts."""
    for name, parameter in parameters.items():
        for other, second in every.items():
            if second is not parameter and overlap(parameter, second):
                raise ConfigurationError(
                    f"{name} and {other} are two parameters on the same numbers: make them one, as in "
                    "decoder.weight = encoder.weight, or exclude both"
                )


def _named(pattern: str, names: Mapping[nn.Parameter, list[str]]) -> list[nn.Parameter]:
    found = [p for p, aliases in names.items() if any(matches(alias, pattern) for alias in aliases)]
    if not found:
        known = ", ".join(aliases[0] for aliases in names.values())
        raise ConfigurationError(f"the pattern {pattern!r} names no parameter: the model has {known}")
    return found


def _budgets(
    parameters: Mapping[str, nn.Parameter],
    names: Mapping[nn.Parameter, list[str]],
    groups: Iterable[Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    first: dict[str, str] = {name: name for name in parameters}
    for group in groups:
        found = [p for pattern in group for p in _named(pattern, names)]
        members = [name for name, parameter in parameters.items() if any(parameter is p for p in found)]
        shapes = {tuple(parameters[name].shape[1:]) for name in members}
        taken = [name for name in members if first[name] != name or list(first.values()).count(name) > 1]
        if len(shapes) > 1 or taken:
            raise ConfigurationError(
                f"parameters that share a budget must have the same number of columns and be in one group, "
                f"got {', '.join(members)}: split the group"
            )
        first |= dict.fromkeys(members, members[0]) if members else {}
    budgets: dict[str, tuple[str, ...]] = {}
    for name, head in first.items():
        budgets[head] = (*budgets.get(head, ()), name)
    return budgets
