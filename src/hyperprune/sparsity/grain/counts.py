"""How many blocks of each matrix live at the start."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.counts.apportion import with_capacity
from hyperprune.sparsity.counts.density import exact, live_total
from hyperprune.sparsity.counts.initial import Wanted, counted
from hyperprune.sparsity.grain.pieces import Piece


def group_counts(
    wanted: Wanted, matrices: Mapping[str, tuple[Piece, ...]], groups: Sequence[Sequence[str]]
) -> dict[str, int]:
    """Live entries by matrix: floor(D * B + 0.5) of a group that is as dense as the whole.

    A rule that makes matrices unlike, or densities of some, move weights between groups before anything is
    whole. A diagonal of single weights counts among the live ones, and is left out of what is given.

    Raises:
        ConfigurationError: nothing would live, densities do not fit, or a diagonal is more than may live.
    """
    asked = _asked(wanted, {name: sum(p.rows * p.columns for p in own) for name, own in matrices.items()})
    counts: dict[str, int] = {}
    for group in groups:
        tall, broad = matrices[group[0]][0].block
        kept = {name: sum(p.kept for p in matrices[name] if p.single) for name in group}
        sizes = {name: sum(p.entries for p in matrices[name]) + kept[name] for name in group}
        total = math.floor(
            sum((asked[name] for name in group), Fraction(0)) / (tall * broad) + Fraction(1, 2)
        )
        if len(groups) > 1 and all(name in wanted.given for name in group):  # each is whole on its own
            total = sum(live_total(wanted.given[name], size) for name, size in sizes.items())
        own = counted(wanted, sizes, total, "weights" if tall * broad == 1 else "blocks")
        counts |= {name: _without(name, own[name], kept[name]) for name in group}
    return {name: counts[name] for name in matrices}


def split_by_gates(
    count: int, gates: Mapping[str, Piece], densities: Mapping[str, float], what: str
) -> dict[str, int]:
    """The live entries of one matrix, divided among its gates in proportion to their densities.

    Args:
        count: of the matrix, without a diagonal of single weights.
        gates: pieces by gate.
        densities: by gate.
        what: name of the matrix, for people.

    Raises:
        ConfigurationError: a diagonal is more than may live of a gate.
    """
    kept = {gate: piece.kept if piece.single else 0 for gate, piece in gates.items()}
    sizes = {gate: piece.entries + kept[gate] for gate, piece in gates.items()}
    shares = {gate: exact(densities[gate]) * size for gate, size in sizes.items()}
    own = with_capacity(shares, count + sum(kept.values()), sizes)
    return {gate: _without(f"{what}, gate {gate}", own[gate], kept[gate]) for gate in gates}


def _asked(wanted: Wanted, sizes: Mapping[str, int]) -> dict[str, Fraction]:
    """Live weights by matrix before any number is whole; what is full leaves the others more."""
    asked = {name: exact(density) * sizes[name] for name, density in wanted.given.items()}
    total, room = exact(wanted.density) * sum(sizes.values()), sum(sizes[name] for name in wanted.shares)
    if not 0 <= round(total - sum(asked.values())) <= room:
        raise ConfigurationError(
            f"density {wanted.density} means {float(total):g} live weights, got densities that take "
            f"{float(sum(asked.values())):g} and leave the rest to matrices of {room} weights: change the "
            "density or the densities"
        )
    rest = {name: Fraction(share) for name, share in wanted.shares.items()}
    left = max(total - sum(asked.values()), Fraction(0))
    while rest:
        whole = sum(rest.values())
        full = [name for name, share in rest.items() if whole and share * left / whole > sizes[name]]
        for name in full or list(rest):
            asked[name] = Fraction(sizes[name]) if full else rest[name] * left / (whole or 1)
        left -= sum(asked[name] for name in full)
        rest = {name: share for name, share in rest.items() if name not in asked}
    return asked


def _without(name: str, count: int, kept: int) -> int:
    if count < kept:
        raise ConfigurationError(
            f"keep_diagonal keeps {kept} weights of {name}, got a density at which {count} live: raise the "
            "density, or leave keep_diagonal out"
        )
    return count - kept
