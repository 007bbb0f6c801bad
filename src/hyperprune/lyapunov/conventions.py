"""The choices that make two spectra comparable or not, as one checked record."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.registry import Registry

STATES = ("hidden", "full")
DIRECTIONS = ("forward", "adjoint")


class LeftOut(Enum):
    """Tells an argument that was not given from one that was given with the default's value."""

    LEFT_OUT = "left out"

    def __repr__(self) -> str:
        return "..."


LEFT_OUT = LeftOut.LEFT_OUT


@dataclass(frozen=True)
class Conventions:
    """How a spectrum was computed.

    Attributes:
        state: ``full``, the whole state (h and c of an LSTM), or ``hidden`` (h alone, c held fixed), which
            published numbers and a search take.
        direction: ``forward`` (products of J) or ``adjoint`` (products of J transposed in the same order).
        layerwise: None or True: layer by layer; False: the whole state at once. The numbers are the same.
        k: columns followed, in each layer (layerwise) or of the whole state; None is all.
        warmup: steps before the counted ones.
        steps: counted steps asked for; None is all the inputs give.
        log_base: e for nats, 2 for bits.
        warmup_qr: whether the warm-up's steps end in a QR each, or only the last one does.
        rewind: whether the counted steps begin again with the first input (states and Q carried).
        qr_interval: counted or warm-up steps between two QR.
        floor: nats per step below which a logarithm is cut; None cuts nothing.
        preset: the preset they came from, or None.

    Raises:
        ConfigurationError: a value that means nothing.
    """

    state: str = "full"
    direction: str = "forward"
    layerwise: bool | None = None
    k: int | None = None
    warmup: int = 0
    steps: int | None = None
    log_base: float = math.e
    warmup_qr: bool = True
    rewind: bool = False
    qr_interval: int = 1
    floor: float | None = -16.0
    preset: str | None = None

    def __post_init__(self) -> None:
        _one_of("state", self.state, STATES)
        _one_of("direction", self.direction, DIRECTIONS)
        _whole("warmup", self.warmup, 0)
        _whole("qr_interval", self.qr_interval, 1)
        if self.steps is not None:
            _whole("steps", self.steps, 1)
        if self.k is not None:
            _whole("k", self.k, 1)
        if not (math.isfinite(self.log_base) and self.log_base > 1):
            raise ConfigurationError(
                f"log_base must be a number above 1, got {self.log_base}: give math.e for nats or 2 for bits"
            )
        if self.floor is not None and not (math.isfinite(self.floor) and self.floor < 0):
            raise ConfigurationError(
                f"floor must be a negative number of nats per step, got {self.floor}: give -16, or None "
                "to cut nothing"
            )

    @property
    def unit(self) -> str:
        """``nats/step``, ``bits/step`` or ``log10/step`` and the like."""
        names = {math.e: "nats", 2.0: "bits"}
        return names.get(float(self.log_base), f"log{self.log_base:g}") + "/step"

    @classmethod
    def from_preset(cls, name: str, **given: Any) -> "Conventions":
        """The preset ``name``, and what is given in its place.

        Raises:
            UnknownNameError: no such preset.
        """
        return cls(**{**_PRESETS[name], "preset": name, **given})


_PRESETS: Registry[dict[str, Any]] = Registry("preset")
_PRESETS.register("paper")(
    # Zheng and Shlizerman 2025, as their code computes it; for comparison with published numbers only
    {
        "state": "hidden",
        "direction": "adjoint",
        "warmup": 10,
        "steps": 35,
        "log_base": 2.0,
        "warmup_qr": False,
        "rewind": True,
        "floor": None,
    }
)


def chosen_conventions(
    conventions: Conventions | None, preset: str | None, given: Mapping[str, Any], system: Any
) -> Conventions:
    """What is given, else what the preset or the record says, else the defaults.

    Args:
        conventions: a record to begin from.
        preset: a name to begin from.
        given: choices that take precedence.
        system: what the spectrum is of; ``published_direction`` is how its published numbers run, where
            that is not as the preset has it.

    Raises:
        ConfigurationError: both a record and a preset.
        UnknownNameError: no such preset.
    """
    if preset is None:
        return replace(conventions or Conventions(), **given)
    if conventions is not None:
        raise ConfigurationError(
            f"conventions and preset={preset!r} are two beginnings: give one, such as "
            f"Conventions.from_preset({preset!r}, direction='forward')"
        )
    own = getattr(system, "published_direction", None)
    return Conventions.from_preset(preset, **{**({} if own is None else {"direction": own}), **given})


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigurationError(
            f"{name} must be one of {', '.join(known)}, got {value!r}: choose one of these"
        )


def _whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigurationError(
            f"{name} must be a whole number of at least {least}, got {value!r}: give for instance "
            f"{max(least, 10)}"
        )
