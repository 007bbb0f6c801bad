"""What a configuration says of a dense reference that is given."""

from pydantic import Field

from hyperprune.training.stored.weights_file import GivenWeights


class ReferenceConfig(GivenWeights):
    """A dense network that you have already, in place of one that the search trains."""

    start: bool = Field(
        False,
        description="Start every candidate from the weights of the reference (prune and fine-tune): the "
        "first masks keep the largest of each matrix.",
    )

    @property
    def weights(self) -> GivenWeights:
        """The file alone."""
        return GivenWeights(checkpoint=self.checkpoint, sha256=self.sha256)
