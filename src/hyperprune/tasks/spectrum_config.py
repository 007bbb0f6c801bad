"""Conventions and sampling of the spectra that a search compares."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SpectrumConfig(BaseModel):
    """Conventions and sampling of the spectra that a search compares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["hidden", "full"] = Field("hidden", description="h alone, or h and c.")
    direction: Literal["forward", "adjoint"] = Field(
        "forward", description="The Lyapunov spectrum (forward) or the published variant (adjoint)."
    )
    warmup: int = Field(10, ge=0, description="Steps before counting starts.")
    steps: int = Field(35, ge=1, description="Counted steps.")
    batch: int = Field(5, ge=1, description="Sequences, contiguous columns of the validation part.")
    k: int | None = Field(None, ge=1, description="Leading exponents of each layer; leave out for all.")
