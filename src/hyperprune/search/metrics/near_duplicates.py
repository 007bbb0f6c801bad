"""Near duplicates among spectra, found without comparing every pair.

Locality-sensitive hashing by random projections (Datar, Immorlica, Indyk, Mirrokni 2004): of a table's
hash functions each gives ``floor(a . x / w + b)``, with ``a`` standard normal and ``b`` uniform in [0, 1).
Two points at distance ``c`` agree in one of them with probability ``collision(c / w)``, in a table of
``FUNCTIONS`` of them with that to the power ``FUNCTIONS``, and in at least one of ``TABLES`` tables with
probability ``recall(c / radius)``, .999 at the radius itself. Points that meet in a table are then compared
exactly, so hashing can miss a pair but never invents one.

| symbol | shape | meaning |
| --- | --- | --- |
| x | (n,) | mean exponents of a candidate, nats a step |
| a | (tables, functions, n) | projections, divided by the root of n |
| b | (tables, functions) | offsets in units of w |
| w | | width of a cell, ``CELL`` radii |

The distance is the root of the mean squared difference of an exponent, l2 over the root of n, so that a
radius means the same for any size of network.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError

CELL = 4.0
FUNCTIONS = 4
TABLES = 14


def twins(points: Mapping[int, Tensor], radius: float, generator: torch.Generator) -> dict[int, int]:
    """Which candidates are dynamically the same as one that ranks above them.

    Goes down the ranking and keeps a point unless one that was kept before lies within the radius; so
    nothing is left out for the sake of a point that is left out itself. The kept ones lie further than a
    radius from each other and spread over the cells: the work grows with the number of points, not with
    its square.

    Args:
        points: mean exponents ``(n,)`` by candidate, best first; one with an infinite exponent has no twin.
        radius: how far apart two are that count as the same, nats a step.
        generator: on the CPU; draws the projections.

    Returns:
        The better candidate, by the one that is left out.

    Raises:
        ConfigurationError: the spectra differ in size.
    """
    finite = {name: point.double() for name, point in points.items() if bool(point.isfinite().all())}
    sizes = sorted({len(point) for point in finite.values()})
    if len(sizes) > 1:
        raise ConfigurationError(
            f"near duplicates need spectra of one size, got {sizes[0]} and {sizes[-1]} exponents: leave "
            "near_duplicates out where layers differ"
        )
    if not finite:
        return {}
    hashing = Hashing(sizes[0], radius, generator)
    kept: dict[tuple[int, ...], list[int]] = {}
    found: dict[int, int] = {}
    for name, point in finite.items():
        cells = hashing(point)
        met = {other: None for cell in cells for other in kept.get(cell, ())}
        twin = next((other for other in met if apart(point, finite[other]) <= radius), None)
        if twin is None:
            for cell in cells:
                kept.setdefault(cell, []).append(name)
        else:
            found[name] = twin
    return found


class Hashing:
    """The cells of a point, one a table.

    Args:
        size: n, exponents of a point.
        radius: distance of the points that should meet.
        generator: draws the projections.
    """

    def __init__(self, size: int, radius: float, generator: torch.Generator) -> None:
        shape = (TABLES, FUNCTIONS)
        directions = torch.randn(*shape, size, dtype=torch.float64, generator=generator)
        self._directions = directions / (CELL * radius * math.sqrt(size))
        self._offsets = torch.rand(shape, dtype=torch.float64, generator=generator)

    def __call__(self, point: Tensor) -> list[tuple[int, ...]]:
        """Table and cell, ``TABLES`` of them; points that share one may be near each other."""
        cells = (self._directions @ point + self._offsets).floor().long()
        return [(table, *cell) for table, cell in enumerate(cells.tolist())]


def apart(a: Tensor, b: Tensor) -> float:
    """Root of the mean squared difference of an exponent."""
    return float((a - b).square().mean().sqrt())


def collision(distance: float) -> float:
    """Probability that one hash function gives two points the same cell (Datar et al. 2004, section 3.2).

    Args:
        distance: of the points, in widths of a cell.
    """
    if distance == 0:
        return 1.0
    inverse = 1 / distance
    outside = math.erfc(inverse / math.sqrt(2))
    return 1 - outside - math.sqrt(2 / math.pi) * distance * -math.expm1(-inverse * inverse / 2)


def recall(distance: float) -> float:
    """Probability that two points meet in a table; the distance in radii."""
    return 1 - (1 - collision(distance / CELL) ** FUNCTIONS) ** TABLES
