"""The configuration of the search for the sparsest network that is level with the dense one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator

from hyperprune.errors import ConfigurationError
from hyperprune.search.config.families import DENSE
from hyperprune.search.config.layers import layered, validated
from hyperprune.search.config.preflight import check_choices
from hyperprune.search.config.search_config import SearchConfig

AUTO = "auto"  # in the place of a sparsity
SMALLEST = "smallest"  # kind of the run folder
# fifteen sparsities are told apart by four searches; the first is 0.9
GRID = (0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)


class SmallestConfig(SearchConfig):
    """A search at every sparsity that is tried, from one trained dense network."""

    kind: Literal["smallest"] = Field("smallest", description="What the run folder holds.")
    grid: tuple[float, ...] = Field(GRID, min_length=1, description="Sparsities, from the least on.")
    sparsity: float = Field(0.67, ge=0, lt=1, exclude=True, description="Has no effect: the grid has them.")

    @classmethod
    def of(cls, config: SearchConfig, grid: tuple[float, ...] = GRID) -> Self:
        """The search for the smallest network of what another search is of.

        Args:
            config: its sparsity and families have no effect: all candidates start from the dense network.
            grid: sparsities.

        Raises:
            ConfigurationError: the grid does not ascend, or the space chooses sparsities itself.
        """
        if config.dense_start.space.sparsity:
            raise ConfigurationError(
                "dense_start.space.sparsity makes sparsities a choice of each search, and here every search "
                "has one: leave it out"
            )
        tables = config.model_dump(mode="json")
        tables |= {"families": (DENSE,), "dense_start": config.dense_start.model_dump(mode="json")}
        tables.pop("sparsity", None)
        if config.reference is not None:  # from which candidates start in any case
            tables["reference"] |= {"start": False}
        return validated(cls, tables | {"kind": SMALLEST, "grid": tuple(grid)})

    def at(self, sparsity: float) -> SearchConfig:
        """The search at one sparsity."""
        tables = self.model_dump(mode="json", exclude={"kind", "grid"})
        return validated(SearchConfig, tables | {"sparsity": sparsity})

    @field_validator("grid")
    @classmethod
    def _ascends(cls, grid: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < sparsity < 1 for sparsity in grid):
            raise ValueError(f"grid holds sparsities between 0 and 1, got {grid}")
        if sorted(set(grid)) != list(grid):
            raise ValueError(f"grid holds sparsities that ascend, each once, got {grid}")
        return grid


def asks_auto(preset: str | None, file: Path | None, values: Mapping[str, Any]) -> bool:
    """Whether these layers have ``auto`` in the place of a sparsity."""
    said = values.get("sparsity")
    if said is not None or (preset is None and file is None):
        return bool(said == AUTO)
    return bool(layered(preset, file, {}).get("sparsity") == AUTO)


def configure_smallest(preset: str | None, file: Path | None, values: Mapping[str, Any]) -> SmallestConfig:
    """As :func:`hyperprune.search.configure`, of layers that have ``auto`` in the place of a sparsity.

    Raises:
        ConfigurationError: as there.
    """
    tables = layered(preset, file, values)
    tables.pop("sparsity", None)
    config = validated(SearchConfig, tables)
    check_choices(config)
    return SmallestConfig.of(config)
