"""How a network is trained: the same for the dense reference and for every candidate."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from torch import nn
from torch.optim import Optimizer

from hyperprune.optim import OPTIMIZERS, build
from hyperprune.tasks.precision import DEFAULT, Precision

# how a text is read: of language modelling alone
TEXT_KEYS = ("batch", "evaluation_batch", "slice", "bptt", "random_bptt", "ar", "tar")


class Recipe(BaseModel):
    """Optimiser, batches and the full budget of epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    optimizer: Annotated[str, AfterValidator(OPTIMIZERS.checked)] = Field(
        "sgd", description="Name of an optimiser in hyperprune.optim."
    )
    learning_rate: float = Field(10.0, gt=0, description="Learning rate of the first epoch.")
    milestones: tuple[int, ...] = Field(
        (), description="Epochs, counted from 1, from whose start the learning rate is multiplied."
    )
    milestone_factor: float = Field(
        0.5, gt=0, le=1, description="Factor of the learning rate at each milestone."
    )
    momentum: float = Field(0.0, ge=0, lt=1, description="Momentum, for optimisers that have it.")
    weight_decay: float = Field(0.0, ge=0, description="L2 penalty inside the optimiser.")
    nonmonotone: int = Field(5, ge=1, description="Evaluations that NT-ASGD looks back over.")
    precision: Precision = Field(
        DEFAULT,
        description="Number format of the products in training steps: float32, bfloat16 (rounded factors, "
        "torch's autocast) or, on CUDA devices, tf32. Weights, evaluation and spectra are float32 in all.",
    )
    clip: float = Field(0.25, ge=0, description="Largest gradient norm; 0 for no clipping.")
    clip_scope: Literal["all", "live"] = Field(
        "all", description="Whether gradients of dead weights count in the norm (all) or not (live)."
    )
    batch: int = Field(10, ge=1, description="Columns of the training text.")
    evaluation_batch: int = Field(10, ge=1, description="Columns of the validation and test text.")
    slice: int | None = Field(
        None,
        ge=1,
        description="Columns that are differentiated at a time, to save memory; leave out for all.",
    )
    bptt: int = Field(20, ge=1, description="Steps of backpropagation through time.")
    random_bptt: bool = Field(
        False, description="Windows of random length around bptt, which the learning rate follows."
    )
    ar: float = Field(0.0, ge=0, description="Penalty of the last layer's outputs (AR).")
    tar: float = Field(0.0, ge=0, description="Penalty of their change from step to step (TAR).")
    epochs: int = Field(40, ge=1, description="The full budget: dense reference and finalists.")

    decay_epochs: int | None = Field(
        None,
        ge=1,
        description="Epochs over which death rates fall and the topology changes; leave out for the "
        "full budget.",
    )

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a key that came later while it says nothing new, so that older runs keep their digests."""
        document: dict[str, Any] = handler(self)
        if document.get("precision") == DEFAULT:
            del document["precision"]
        return document

    def optimizer_of(self, network: nn.Module) -> Optimizer:
        """The optimiser of a network's parameters, at the learning rate of the first epoch."""
        return build(
            self.optimizer,
            network,
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            nonmonotone=self.nonmonotone,
        )

    def learning_rate_at(self, epoch: int) -> float:
        """The learning rate of an epoch, the first being 1."""
        passed = sum(milestone <= epoch for milestone in self.milestones)
        return self.learning_rate * self.milestone_factor**passed
