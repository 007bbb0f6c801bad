"""Continuous choices of a space."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyperprune.errors import ConfigurationError


class Between(BaseModel):
    """A continuous choice between two values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _check_order(self.low, self.high)
        return self


class FloatRange(Between):
    """A continuous choice."""

    low: float = Field(ge=0, lt=1, description="Smallest value.")
    high: float = Field(ge=0, lt=1, description="Largest value.")
    step: float | None = Field(None, gt=0, description="Distance of neighbouring values; None for any.")


class PositiveRange(Between):
    """A continuous choice among positive numbers."""

    low: float = Field(gt=0, description="Smallest value.")
    high: float = Field(gt=0, description="Largest value.")
    log: bool = Field(True, description="Whether every factor is as likely as another (true) or every step.")


class ExponentRange(Between):
    """A continuous choice of an exponent u of two, so that halving and doubling are equally likely."""

    low: float = Field(-1.0, ge=-8, le=8, description="Smallest exponent.")
    high: float = Field(1.0, ge=-8, le=8, description="Largest exponent.")


Range = FloatRange | PositiveRange | ExponentRange


def _check_order(low: float, high: float) -> None:
    if low > high:
        raise ConfigurationError(f"a range goes up, got low {low} above high {high}: swap them")
