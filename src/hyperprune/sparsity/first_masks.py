"""The first masks of a network: how many weights of each matrix live, and which."""

from collections.abc import Mapping

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.counts.apportion import with_capacity
from hyperprune.sparsity.counts.density import exact
from hyperprune.sparsity.counts.overall import smallest_overall
from hyperprune.sparsity.counts.select import keep_highest
from hyperprune.sparsity.grain.contract import Grain
from hyperprune.sparsity.parameters.prunable import Prunable
from hyperprune.sparsity.rules import CriterionRule, Tensors, Topology
from hyperprune.sparsity.variants.variant import PruningVariant


def first_masks(
    variant: PruningVariant,
    rule: CriterionRule,
    prunable: Prunable,
    grain: Grain,
    generator: torch.Generator,
    given: Tensors | None,
) -> dict[str, Tensor]:
    """Masks by parameter name, as many live as the grain counts.

    The generator advances by a random number for every entry, whatever the rule: what grows later at random
    is then the same.

    Raises:
        ConfigurationError: scores are missing, have no effect, or do not fit.
    """
    parameters = {name: parameter.detach() for name, parameter in prunable.parameters.items()}
    weights = grain.scored(parameters)
    every = {name: torch.ones(w.shape, dtype=torch.bool, device=w.device) for name, w in weights.items()}
    draws = {
        name: torch.rand(w.shape, generator=generator, dtype=torch.float64).to(w.device)
        for name, w in weights.items()
    }
    scores = rule.scores(weights, draws, grain.scored(_checked(given, rule, prunable)))
    counts = grain.first_counts(variant)
    if rule.overall:
        factors = grain.factors(variant.density_factors)
        for group in grain.groups:
            own = {name: every[name] for name in group}
            found = _overall_counts(
                {name: scores[name] for name in group}, own, sum(counts[name] for name in group)
            )
            counts |= _multiplied(found, own, factors)
    return grain.spread({name: keep_highest(scores[name], every[name], counts[name]) for name in every})


def _overall_counts(scores: Tensors, every: Tensors, total: int) -> dict[str, int]:
    sizes = {name: mask.numel() for name, mask in every.items()}
    filled = sum(size > 0 for size in sizes.values())
    if total < filled:
        raise ConfigurationError(
            f"one ranking of all matrices leaves each one weight, got {total} live weights for {filled} "
            "matrices: raise the density or rank within matrices"
        )
    deaths = smallest_overall(Topology(scores, every, sizes), sum(sizes.values()) - total)
    return {name: size - deaths.counts[name] for name, size in sizes.items()}


def _multiplied(counts: Mapping[str, int], every: Tensors, factors: Mapping[str, float]) -> dict[str, int]:
    if not factors:
        return dict(counts)
    shares = {name: exact(factors.get(name, 1.0)) * count for name, count in counts.items()}
    room = {name: mask.numel() for name, mask in every.items()}
    return with_capacity(shares, sum(counts.values()), room)


def _checked(given: Tensors | None, rule: CriterionRule, prunable: Prunable) -> dict[str, Tensor]:
    """Given scores by parameter, on its device."""
    if not rule.needs_scores:
        if given is not None:
            raise ConfigurationError(
                "scores have no effect with this criterion: leave them out, or choose one that reads them"
            )
        return {}
    if given is None:
        raise ConfigurationError(
            "this criterion reads scores, got none: give scores=taylor_scores(model, losses)"
        )
    for name, score in given.items():
        own = prunable.parameters.get(name)
        if own is None or score.shape != own.shape:
            there = "no prunable matrix" if own is None else f"of shape {tuple(own.shape)}"
            raise ConfigurationError(
                f"scores must be of prunable matrices and their shapes, got {name} of shape "
                f"{tuple(score.shape)}, which is {there}: compute them with this model"
            )
        if not bool((score >= 0).all()):
            raise ConfigurationError(
                f"scores must be sums of squares, got one of {name} below 0 or not a number: the losses have "
                "diverged"
            )
    for members in prunable.budgets.values():
        found = [member for member in members if member in given]
        if found and len(found) < len(members):
            raise ConfigurationError(
                f"matrices of one budget need scores of one kind, got them for {', '.join(found)} of "
                f"{', '.join(members)}: give all of them or none"
            )
    return {name: score.to(prunable.parameters[name].device) for name, score in given.items()}
