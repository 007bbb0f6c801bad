"""A network that the selected one is compared with: never selected, charged apart from the search."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hyperprune.search.results.final_network import Curve, FinalNetwork

ControlName = Literal["one-shot", "small-dense", "gradual", "one-shot-trained", "dense-trained-on"]
CONTROLS: dict[ControlName, str] = {
    "one-shot": "the dense network at its best epoch, reduced to the largest weights of each matrix "
    "and not trained again",
    "small-dense": "a dense network with as many weights as the selected one has live",
    "gradual": "gradual magnitude pruning over the full budget",
    "one-shot-trained": "magnitude pruning at once, halfway through the full budget",
    "dense-trained-on": "the dense network from its best epoch, trained further as the selected one was",
}
CONTROL_NAMES: dict[ControlName, str] = {
    "one-shot": "one-shot",
    "small-dense": "small dense",
    "gradual": "gradual",
    "one-shot-trained": "one-shot, trained",
    "dense-trained-on": "dense, trained on",
}


class ControlResult(BaseModel):
    """One of the yardsticks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ControlName = Field(description="Which; also that of its folder in controls/.")
    failure: str | None = Field(None, description="Why it has no network.")
    curve: Curve
    final: FinalNetwork | None = Field(None, description="Its best epoch; None if it failed.")
