"""The choices that make two spectra comparable or not, as one checked record."""

import math
from dataclasses import dataclass, replace
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.registry import Registry

STATES = ("hidden", "full")
DIRECTIONS = ("forward", "adjoint")


@dataclass(frozen=True)
class Conventions:
    """How a spectrum was computed.

    Attributes:
        state: ``hidden`` (h alone; the cell state of an LSTM is held fixed) or ``full`` (h and c).
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

    state: str = "hidden"
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

    def with_preset(self, name: str) -> "Conventions":
        """Fill what was left at its default from the preset ``name``; what was set otherwise stays.

        Raises:
            UnknownNameError: no such preset.
        """
        default = Conventions()
        changes: dict[str, Any] = {
            key: value for key, value in _PRESETS[name].items() if getattr(self, key) == getattr(default, key)
        }
        return replace(self, preset=name, **changes)


_PRESETS: Registry[dict[str, Any]] = Registry("preset")
_PRESETS.register("paper")(
    # Zheng and Shlizerman 2025, as their code computes it; for comparison with published numbers only
    {
        "direction": "adjoint",
        "warmup": 10,
        "steps": 35,
        "log_base": 2.0,
        "warmup_qr": False,
        "rewind": True,
        "floor": None,
    }
)


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
