"""What a trained network came to."""

from pydantic import BaseModel, ConfigDict, Field


class Naive(BaseModel):
    """What is reached without a network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="How, such as word frequencies alone.")
    valid_score: float = Field(description="Score of the validation part.")


class Trained(BaseModel):
    """A network at the epoch that counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    best_epoch: int = Field(
        ge=0,
        description="The epoch with the lowest validation loss; it counts. 0 for a network that was given.",
    )
    valid_score: float = Field(description="At that epoch.")
    test_score: float = Field(description="At that epoch, read once, when nothing is left to choose.")
    live: int = Field(description="Live weights, biases included.")
    density: float = Field(description="Live share of the prunable weights.")
    averaging: bool = Field(description="Whether these are averaged weights (NT-ASGD).")
    weights: str = Field(description="Checkpoint of that epoch, relative to the run folder.")
    weights_sha256: str = Field(description="Its SHA-256.")
