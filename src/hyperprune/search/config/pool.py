"""The pool of a search, or of one of its families: ``[search]``."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hyperprune.errors import ConfigurationError
from hyperprune.search.metrics.early import METRICS
from hyperprune.search.metrics.own import checked_name
from hyperprune.search.plans import PLANS, Plan, PlanSettings
from hyperprune.search.samplers import SAMPLERS, SamplerRule
from hyperprune.training.verdict.verdict import TOLERANCE


class PoolConfig(BaseModel):
    """How many candidates there are, how they are suggested, ranked and halved."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    candidates: int = Field(
        40, ge=1, le=100_000, description="Suggestions of the optimiser, duplicates included."
    )
    plan: Annotated[str, AfterValidator(PLANS.checked)] = Field(
        "rounds",
        description="Which candidates train how far: rounds (as in the paper), full, halving or hyperband.",
    )
    first_epochs: int = Field(
        3,
        ge=0,
        description="Epochs of every candidate before the first ranking; 0 ranks networks at "
        "initialisation. For halving and hyperband, the smallest number of epochs.",
    )
    screen: int | None = Field(
        None,
        ge=1,
        exclude_if=lambda given: given is None,
        description="Candidates that survive a ranking of untrained networks (first_epochs = 0); leave "
        "out for half of them.",
    )
    round_epochs: int = Field(3, ge=1, description="Further epochs of the survivors in each round.")
    eta: int = Field(
        3, ge=2, le=1000, description="In halving and hyperband, one of this many candidates survives."
    )
    brackets: int | None = Field(
        None,
        ge=1,
        description="Largest number of brackets of hyperband; leave out for as many as the candidates fill.",
    )
    metric: Annotated[str, AfterValidator(checked_name)] = Field(
        "ls",
        description="What ranks candidates: ls (distance of spectra), loss, rank (weighted ranks of "
        "both), covariance (of hidden states), or your own function, package.module:function.",
    )
    loss_weight: float = Field(0.5, ge=0, le=1, description="Weight of the loss in the metric rank.")
    distance: Literal["l2", "wasserstein"] = Field("l2", description="Distance of two spectra.")
    near_duplicates: float | None = Field(
        None,
        gt=0,
        description="Two candidates whose exponents differ by at most this (root mean square, nats per "
        "step) count as the same: the worse one is not promoted beside the better. Leave "
        "out to turn this off.",
    )
    sampler: Annotated[str, AfterValidator(SAMPLERS.checked)] = Field(
        "tpe", description="Optimiser that suggests candidates."
    )
    startup: int = Field(10, ge=1, description="Random suggestions before the optimiser begins to learn.")
    seeds: int = Field(
        1,
        ge=1,
        le=1000,
        description="Trainings of each candidate, each from other initial weights; candidates are "
        "ranked by the mean.",
    )
    batch: int = Field(
        4,
        ge=1,
        le=100_000,
        description="Suggestions that are made together, before the result of the first is known. This "
        "many can train at a time; the result does not depend on how many do.",
    )

    controls: bool = Field(
        False,
        exclude_if=lambda given: not given,  # so that runs of before keep their digests
        description="Train all yardsticks of the selected network: one-shot and gradual magnitude "
        "pruning, a small dense network, and the dense one trained further. Otherwise only "
        "those that cost little.",
    )
    tolerance: float = Field(
        TOLERANCE,
        ge=0,
        lt=1,
        exclude_if=lambda given: given == TOLERANCE,  # likewise
        description="The verdict is level if the worse end of the interval is worse by at most this "
        "fraction of the dense score.",
    )

    @property
    def told(self) -> str:
        """What the optimiser is told: the metric, with the distance where it is one."""
        if not self.needs_dense:
            return self.metric
        weight = f", {self.loss_weight:g} loss" if self.metric == "rank" else ""
        return f"{self.metric}, {self.distance}{weight}"

    @property
    def needs_dense(self) -> bool:
        """Whether the metric looks at the dense reference; a function of the user's own may."""
        return self.metric not in METRICS or METRICS[self.metric].needs_dense

    @property
    def reads_covariance(self) -> bool:
        """Whether the metric looks at hidden states."""
        return self.metric in METRICS and METRICS[self.metric].reads_covariance

    @property
    def optimiser(self) -> SamplerRule:
        """What is known of the sampler."""
        return SAMPLERS[self.sampler]

    def planned(self, full: int) -> Plan:
        """Who trains how far, with a full budget of so many epochs."""
        settings = PlanSettings(
            self.candidates,
            self.first_epochs,
            self.round_epochs,
            self.eta,
            full,
            self.brackets,
            self.screen,
        )
        return PLANS[self.plan](settings)

    @model_validator(mode="after")
    def _plan_suits_the_rest(self) -> "PoolConfig":
        if self.plan in ("halving", "hyperband") and self.first_epochs < 1:
            raise ConfigurationError(
                f"the plan {self.plan} multiplies epochs, so search.first_epochs must be at least 1, got 0: "
                "give 1, or the plan rounds"
            )
        screens = type(self) is PoolConfig and self.screen is not None  # a subclass has it by default
        if screens and (self.plan != "rounds" or self.first_epochs > 0):
            raise ConfigurationError(
                f"search.screen is for the plan rounds with first_epochs 0, got the plan {self.plan} with "
                f"{self.first_epochs}: leave it out, or give first_epochs 0"
            )
        if self.plan == "hyperband" and self.optimiser.learns:
            raise ConfigurationError(
                f"the brackets of hyperband are measured at different epochs, which {self.sampler} would "
                "compare: give search.sampler = random, grid or qmc"
            )
        return self
