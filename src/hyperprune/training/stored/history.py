"""What is known about a training job: one record an epoch, and how it failed if it did."""

from pydantic import BaseModel, ConfigDict, Field


class EpochRecord(BaseModel):
    """Measurements at the end of one epoch. No times: those differ between runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int = Field(ge=1, description="Epochs trained, the first being 1.")
    train_loss: float = Field(description="Mean training loss of the epoch, nats an item.")
    valid_loss: float = Field(description="Validation loss at its end, nats an item.")
    live: int = Field(description="Live weights, all parameters together, biases included.")
    density: float = Field(description="Live share of the prunable weights.")
    averaging: bool = Field(False, description="Whether the measured weights are NT-ASGD's averages.")
    spectrum: str | None = Field(None, description="SHA-256 of the epoch's spectrum file.")
    covariance: float | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Score of the covariance of hidden states, where that was asked.",
    )
    blocks: int | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Live blocks of a pattern, single weights of embeddings included.",
    )
    live_weights: dict[str, int] = Field(
        {}, description="Live weights by matrix, gates apart, such as recurrent.weight_hh_l0[forget]."
    )


class InitialRecord(BaseModel):
    """Measurements before the first step, for a search that ranks without training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_loss: float = Field(description="Validation loss, nats an item.")
    spectrum: str | None = Field(None, description="SHA-256 of the spectrum file.")
    covariance: float | None = Field(
        None, exclude_if=lambda given: given is None, description="Of hidden states, where that was asked."
    )
    live: int | None = Field(None, description="Live weights, of a network that is measured and not trained.")
    density: float | None = Field(None, description="Live share of the prunable weights, likewise.")
    masks: str | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="SHA-256 of the masks, of a network that starts from given weights.",
    )


class Failure(BaseModel):
    """Why a job will never reach its budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int = Field(ge=0, description="The epoch in which it failed; 0 before the first step.")
    reason: str = Field(description="One line.")


class History(BaseModel):
    """Everything that a job has measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: tuple[EpochRecord, ...] = Field((), description="Records in order, without gaps.")
    failure: Failure | None = Field(None, description="Set if the job failed.")
    initial: InitialRecord | None = Field(None, description="Before the first step, where that was asked.")

    @property
    def valid_loss(self) -> float:
        """Validation loss after the last epoch, or before the first; nats an item."""
        if self.epochs or self.initial is None:
            return self.last.valid_loss
        return self.initial.valid_loss

    @property
    def covariance(self) -> float | None:
        """Score of the covariance of hidden states after the last epoch, or before the first."""
        if self.epochs or self.initial is None:
            return self.last.covariance
        return self.initial.covariance

    @property
    def last(self) -> EpochRecord:
        """The record of the last epoch."""
        return self.epochs[-1]

    @property
    def best(self) -> EpochRecord:
        """The record with the lowest validation loss, the earliest of equals.

        While a density schedule runs, a network is denser than it will be: only epochs with the fewest live
        weights count, or blocks where there are any: beside a diagonal that is kept, as many blocks are not
        always as many weights.
        """
        counts = [record.live if record.blocks is None else record.blocks for record in self.epochs]
        fewest = min(counts)
        whole = (record for record, count in zip(self.epochs, counts, strict=True) if count == fewest)
        return min(whole, key=lambda record: (record.valid_loss, record.epoch))

    def until(self, epoch: int) -> "History":
        """What was known after ``epoch`` epochs."""
        failure = self.failure if self.failure and self.failure.epoch <= epoch else None
        return History(epochs=self.epochs[:epoch], failure=failure, initial=self.initial)
