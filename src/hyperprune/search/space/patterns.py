"""The choices of a space that say which weights live and die together."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import CRITERION, DEATH, PATTERN

EVEN = "even"  # all gates alike
NAMES = ("pattern", "keep_diagonal", "gate_densities")
SINGLE: dict[str, tuple[Any, ...]] = {
    "pattern": ("1x1",),
    "keep_diagonal": (False,),
    "gate_densities": (EVEN,),
}


class PatternChoices(BaseModel):
    """Patterns, diagonals and densities of gates; by default single weights, as published."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    pattern: tuple[str, ...] = Field(
        SINGLE["pattern"],
        exclude_if=lambda given: given == SINGLE["pattern"],
        description="Which weights live and die together: 1x1 (each on its own), 16x1 or 8x4 (blocks of rows "
        "x columns within a gate), units (whole hidden units, which only prunes). Several with commas on the "
        "command line.",
    )
    keep_diagonal: tuple[bool, ...] = Field(
        SINGLE["keep_diagonal"],
        exclude_if=lambda given: given == SINGLE["keep_diagonal"],
        description="Whether the diagonals of recurrent matrices always live.",
    )
    gate_densities: tuple[str, ...] = Field(
        SINGLE["gate_densities"],
        exclude_if=lambda given: given == SINGLE["gate_densities"],
        description="How a matrix is divided among its gates: even, or densities such as reset=0.3 "
        "update=0.2 new=0.5, of which the proportion counts.",
    )

    @field_validator("pattern", "exclude", mode="before", check_fields=False)
    @classmethod
    def _several_in_one_word(cls, given: Any) -> Any:
        """A command line has them in one: ``1x1,16x1``."""
        return tuple(name.strip() for name in given.split(",")) if isinstance(given, str) else given

    @property
    def grain(self) -> dict[str, tuple[Any, ...]]:
        """The three choices; one that is left empty is that of single weights."""
        return {name: getattr(self, name) or SINGLE[name] for name in NAMES}

    @property
    def growing(self) -> tuple[str, ...]:
        """The patterns whose weights may grow again."""
        return tuple(name for name in self.grain["pattern"] if PATTERN[name].grows)

    @property
    def only_growing(self) -> bool:
        """Whether all patterns are such."""
        return len(self.growing) == len(self.grain["pattern"])

    @field_validator("gate_densities", mode="before")
    @classmethod
    def _tables_as_text(cls, given: Any) -> Any:
        """Each may be a table too, such as ``{reset = 0.3, update = 0.2, new = 0.5}``."""
        if isinstance(given, str | Mapping):
            given = (given,)
        if not isinstance(given, list | tuple):
            return given
        return tuple(
            (" ".join(f"{gate}={density}" for gate, density in one.items()) or EVEN)
            if isinstance(one, Mapping)
            else one
            for one in given
        )

    @field_validator("gate_densities")
    @classmethod
    def _text_is_densities(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            densities_of(one)
        return given


def densities_of(text: str) -> tuple[tuple[str, float], ...]:
    """Densities by gate of ``reset=0.3 update=0.2 new=0.5``; none of ``even``.

    Raises:
        ConfigurationError: it is something else.
    """
    if text == EVEN:
        return ()
    try:
        pairs = [word.split("=") for word in text.split()]
        found = tuple((gate, float(density)) for gate, density in pairs)
    except ValueError:
        found = ()
    if not found:
        raise ConfigurationError(
            f"gate_densities must be {EVEN} or densities by gate, got {text!r}: give them such as 'reset=0.3 "
            "update=0.2 new=0.5'"
        )
    return found


def fitted(rules: Mapping[str, Any], chosen: Mapping[str, Any], criterion: str) -> dict[str, Any]:
    """The fields of a variant, without what its pattern or criterion leaves no effect.

    Units only prune, and cut across matrices and gates. Blocks have no signs, so that ``set`` is
    ``magnitude`` there. One ranking of all matrices finds the counts of gates itself.

    Args:
        rules: sparse_init, death and what else is chosen of the rules.
        chosen: pattern, keep_diagonal and gate_densities.
        criterion: of the first masks.
    """
    fields = {**rules, **chosen, "gate_densities": densities_of(chosen["gate_densities"])}
    pattern = PATTERN[chosen["pattern"]]
    if not pattern.grows:
        return {"death_rate": 0.0, "pattern": chosen["pattern"]}
    if not pattern.single and DEATH[fields.get("death", "magnitude")].signed:
        fields["death"] = "magnitude"
    if CRITERION[criterion].overall:
        fields["gate_densities"] = ()
    return fields
