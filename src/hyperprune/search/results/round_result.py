"""One ranking, as it is stored."""

from pydantic import BaseModel, ConfigDict, Field


class RoundResult(BaseModel):
    """One ranking."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bracket: int = Field(0, ge=0, description="Which pool it is of, where the plan has several.")
    until: int = Field(description="Epochs that the ranked candidates had trained.")
    ranking: tuple[int, ...] = Field(description="Numbers, best first.")
    metric: tuple[float, ...] = Field(description="Their metric, in the same order.")
    promoted: tuple[int, ...] = Field(description="Those that survived, best first.")
    failed: tuple[int, ...] = Field(description="Those that failed in this round.")
    same_as: dict[int, int] = Field(
        {},
        description="Those that were not promoted because they repeat the spectrum of a better one: "
        "which one. Empty without near_duplicates.",
    )
