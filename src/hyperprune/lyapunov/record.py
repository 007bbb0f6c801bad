"""The spectrum as a record: numbers, and everything needed to know what they mean."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.conventions import Conventions
from hyperprune.lyapunov.storage import read_spectrum, write_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SAVED = ("exponents", "layer", "counts", "clamped")
# Written where they say something: files of before they were known, and of full rank, do without.
_EXTRA = ("running", "dead", "rounded", "whole")


def _none_said() -> Tensor:
    return torch.zeros(0, dtype=torch.int64)


@dataclass(frozen=True, eq=False)
class Position:
    """Where a computation ended, to begin another there.

    Attributes:
        state: ``(batch, all entries of the state)`` in the stated order, h before c within a layer.
        q: ``(batch, n, k)`` a layer, layer 1 first; a single one for the whole state.
    """

    state: Tensor
    q: tuple[Tensor, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """Lyapunov exponents of a driven system, one row a sequence.

    Attributes:
        exponents: ``(batch, n)`` float64, layer 1 first, in the order of the columns of Q within a layer;
            in a layer with dead directions the live ones by size, then the dead ones at the floor.
        layer: ``(n,)``, the layer of each exponent, from 1.
        conventions: what was computed.
        counts: ``(batch,)``, counted steps of each sequence.
        clamped: ``(batch, n)``, how many logarithms were cut at the floor.
        running: ``(times, batch, n)``, the mean so far after each counted QR, or None if not asked for.
        end: where the computation ended, or None if not asked for; not saved.
        dead: ``(n,)``, True for directions that the zeros of the weights kill; none if left out.
        rounded: ``(batch, n)``, how many counted R_ii were roundings of zero; none if left out. Where a live
            direction has some, what is behind the rank of that step is arbitrary.
        whole: whether the whole state was tracked; None where a file does not say.
    """

    exponents: Tensor
    layer: Tensor
    conventions: Conventions
    counts: Tensor
    clamped: Tensor
    running: Tensor | None = None
    end: Position | None = None
    dead: Tensor = field(default_factory=_none_said)
    rounded: Tensor = field(default_factory=_none_said)
    whole: bool | None = None

    def __post_init__(self) -> None:
        if not self.dead.numel():
            object.__setattr__(self, "dead", torch.zeros_like(self.layer, dtype=torch.bool))
        if not self.rounded.numel():
            object.__setattr__(self, "rounded", torch.zeros_like(self.clamped))
        if self.whole is None and self.conventions.state == "full":
            object.__setattr__(self, "whole", True)

    def __repr__(self) -> str:
        own, dead = self.conventions, int(self.dead.sum())
        sizes = " + ".join(map(str, self.layer_sizes))
        return (
            f"Spectrum({sizes} exponents{f', {dead} dead' if dead else ''}, {len(self.exponents)} sequences, "
            f"{self.steps} steps, {own.state} {own.direction}, largest {self.largest:.4g} {self.unit})"
        )

    @property
    def alive(self) -> Tensor:
        """``(n,)``: which exponents are those of live directions, and finite."""
        return ~self.dead & self.mean.detach().isfinite()

    @property
    def mean(self) -> Tensor:
        """Mean over the sequences, ``(n,)``."""
        return self.exponents.mean(dim=0)

    @property
    def std(self) -> Tensor:
        """Sample standard deviation over the sequences, ``(n,)``; NaN for a single sequence."""
        if len(self.exponents) < 2:
            return torch.full_like(self.exponents[0], math.nan)
        return self.exponents.std(dim=0).where(~self.dead, 0.0)

    @property
    def unit(self) -> str:
        """Unit of the exponents, for instance ``nats/step``."""
        return self.conventions.unit

    @property
    def steps(self) -> int:
        """Counted steps; of the longest sequence where they differ."""
        return int(self.counts.max())

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Exponents of each layer, layer 1 first."""
        return tuple(int(count) for count in torch.bincount(self.layer)[1:])

    @property
    def largest(self) -> float:
        """The largest of the mean exponents."""
        return float(self.mean.max())

    @property
    def entropy(self) -> float:
        """Sum of the positive mean exponents: an upper bound of the entropy rate (Ruelle), in the unit.

        Raises:
            ConfigurationError: the tracked state is not the whole state.
        """
        self._need_whole("entropy")
        return float(self.mean.clamp(min=0).sum())

    @property
    def kaplan_yorke_dimension(self) -> float:
        """The Kaplan-Yorke dimension of the mean spectrum.

        Raises:
            ConfigurationError: the tracked state is not the whole state; or only some exponents were followed
                and their sum is not negative yet.
        """
        self._need_whole("Kaplan-Yorke dimension")
        return _kaplan_yorke(self.mean, complete=self.conventions.k is None)

    def in_nats(self) -> "Spectrum":
        """The same spectrum in nats per step."""
        factor = math.log(self.conventions.log_base)
        running = None if self.running is None else self.running * factor
        conventions = replace(self.conventions, log_base=math.e)
        return replace(self, exponents=self.exponents * factor, running=running, conventions=conventions)

    def leading(self, k: int) -> "Spectrum":
        """The first ``k`` columns of each layer (all where a layer has fewer)."""
        conventions = replace(self.conventions, k=min(k, self.conventions.k or k))
        place = torch.cat([torch.arange(size) for size in self.layer_sizes])
        keep = place < k
        running = None if self.running is None else self.running[:, :, keep]
        return replace(
            self,
            exponents=self.exponents[:, keep],
            layer=self.layer[keep],
            clamped=self.clamped[:, keep],
            running=running,
            conventions=conventions,
            dead=self.dead[keep],
            rounded=self.rounded[:, keep],
        )

    def _need_whole(self, what: str) -> None:
        if not self.whole:
            raise ConfigurationError(
                f"the {what} is that of a whole state, this spectrum tracks state={self.conventions.state!r} "
                "with the rest held fixed: compute with state='full'"
            )

    def save(self, path: str | Path) -> None:
        """Write to ``path`` atomically, without pickle; the same content gives the same bytes."""
        numbers = {name: getattr(self, name) for name in _SAVED}
        if self.running is not None:
            numbers["running"] = self.running
        for name in ("dead", "rounded"):
            if bool(getattr(self, name).any()):
                numbers[name] = getattr(self, name)
        if self.conventions.state != "full" and self.whole:
            numbers["whole"] = torch.ones((), dtype=torch.bool)
        write_spectrum(Path(path), self.conventions, numbers)

    @classmethod
    def load(cls, path: str | Path) -> "Spectrum":
        """Read what :meth:`save` wrote.

        Raises:
            SpectrumFileError: missing, damaged, or not a spectrum.
        """
        conventions, numbers = read_spectrum(Path(path), set(_SAVED))
        exponents, layer, counts, clamped = (numbers[name] for name in _SAVED)
        extra: dict[str, Any] = {name: numbers[name] for name in _EXTRA if name in numbers}
        if "whole" in extra:
            extra["whole"] = bool(extra["whole"])
        return cls(exponents, layer, conventions, counts, clamped, **extra)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the exponents, sorted within each layer, with a band of one standard deviation."""
        from hyperprune.lyapunov.figure import draw_spectrum

        return draw_spectrum(self, axes)

    def plot_running(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the running estimate over time; needs ``running=True`` at the computation."""
        from hyperprune.lyapunov.figure import draw_running

        return draw_running(self, axes)


def _kaplan_yorke(mean: Tensor, complete: bool) -> float:
    exponents = mean.detach().sort(descending=True).values
    sums = exponents.cumsum(dim=0)
    below = (sums < 0).nonzero()
    if len(below) == 0:
        if not complete:
            raise ConfigurationError(
                f"the dimension needs exponents until their sum is negative, the sum of {len(sums)} is "
                f"{float(sums[-1]):.3g}: compute more with a larger k"
            )
        return float(len(sums))
    count = int(below[0])
    if count == 0:
        return 0.0
    return count + float(sums[count - 1] / -exponents[count])
