"""The teacher of a training job: a file of weights, and how far it counts."""

from pydantic import BaseModel, ConfigDict, Field

from hyperprune.tasks.distillation import Teacher
from hyperprune.tasks.opened import OpenedTask
from hyperprune.training.stored.weights_file import GivenWeights, load_given


class TeacherConfig(BaseModel):
    """A trained dense network of the same sizes, which the trained one imitates beside its data."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    weights: GivenWeights
    weight: float = Field(
        0.5, ge=0, le=1, description="a in (1 - a) loss + a T^2 KL(teacher || student); 0 for no teacher."
    )
    temperature: float = Field(1.0, gt=0, description="T, which divides the logits of both.")

    @property
    def identity(self) -> dict[str, object]:
        """What decides what is learned from it."""
        return {"sha256": self.weights.sha256, "weight": self.weight, "temperature": self.temperature}


def teacher_of(config: TeacherConfig | None, task: OpenedTask) -> Teacher | None:
    """The teacher with its weights, on the task's device; draws from torch's global generator.

    Raises:
        CheckpointError: its file cannot be read, has changed, or is of another network.
    """
    if config is None or config.weight == 0:
        return None
    network = task.network()
    load_given(network, config.weights)
    return Teacher(network, config.weight, config.temperature)
