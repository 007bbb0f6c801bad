"""The configuration of a search: what stands in config.toml."""

import hashlib
import json
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hyperprune.config.decisive import decisive
from hyperprune.errors import ConfigurationError
from hyperprune.search.config.reference import ReferenceConfig
from hyperprune.search.config.runtime import SearchRuntime
from hyperprune.search.metrics.early import METRICS
from hyperprune.search.metrics.own import check_name
from hyperprune.search.plans import PLANS, Cost, Plan, PlanSettings, epochs, rankings
from hyperprune.search.samplers import SAMPLERS, SamplerRule
from hyperprune.search.space.space import SpaceConfig
from hyperprune.sparsity import density_from_sparsity
from hyperprune.tasks import Tasked
from hyperprune.tasks.own import FACTS


class PoolConfig(BaseModel):
    """How many candidates there are, how they are suggested, ranked and halved."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    candidates: int = Field(
        40, ge=1, le=100_000, description="Suggestions of the optimiser, duplicates included."
    )
    plan: str = Field(
        "rounds", description="Who trains how far: rounds of the paper, full, halving or hyperband."
    )
    first_epochs: int = Field(
        3,
        ge=0,
        description="Epochs of every candidate before the first ranking; 0 ranks networks at initialisation. "
        "For halving and hyperband the fewest epochs.",
    )
    round_epochs: int = Field(3, ge=1, description="Further epochs of the survivors in each round.")
    eta: int = Field(
        3, ge=2, le=1000, description="One of so many candidates goes on in halving and hyperband."
    )
    brackets: int | None = Field(
        None, ge=1, description="Most brackets of hyperband; none for as many as the candidates fill."
    )
    metric: str = Field(
        "ls",
        description="What ranks candidates: ls (distance of spectra), loss, rank (weighted ranks of both), "
        "or a function of yours, package.module:function.",
    )
    loss_weight: float = Field(0.5, ge=0, le=1, description="Weight of the loss in the metric rank.")
    distance: Literal["l2", "wasserstein"] = Field("l2", description="Distance of two spectra.")
    near_duplicates: float | None = Field(
        None,
        gt=0,
        description="Two candidates whose exponents differ by at most this (root mean square, nats a step) "
        "are the same: the worse one is not promoted beside the better. None for off.",
    )
    sampler: str = Field("tpe", description="Optimiser that suggests candidates.")
    startup: int = Field(
        10, ge=1, description="Random suggestions before an optimiser that learns begins to."
    )
    seeds: int = Field(
        1,
        ge=1,
        le=1000,
        description="Trainings of each candidate, from other initial weights; the mean ranks.",
    )
    batch: int = Field(
        4,
        ge=1,
        le=100_000,
        description="Suggestions that TPE makes before it is told how the first of them did; so many can "
        "train at a time, and the result does not depend on how many do.",
    )

    controls: bool = Field(
        False,
        description="Train all yardsticks of the selected network: one-shot and gradual magnitude pruning, a "
        "small dense network, the dense one trained on. Without it those that cost little.",
    )
    tolerance: float = Field(
        0.01,
        ge=0,
        lt=1,
        description="Share of the dense score by which the worse end of the interval may be worse for the "
        "verdict level.",
    )

    @property
    def told(self) -> str:
        """What the optimiser is told: the metric, with the distance where it is one."""
        if self.metric == "loss":
            return self.metric
        weight = f", {self.loss_weight:g} loss" if self.metric == "rank" else ""
        return f"{self.metric}, {self.distance}{weight}"

    @property
    def needs_dense(self) -> bool:
        """Whether the metric looks at the dense reference; a function of the user's own may."""
        return self.metric not in METRICS or METRICS[self.metric].needs_dense

    @property
    def optimiser(self) -> SamplerRule:
        """What is known of the sampler."""
        return SAMPLERS[self.sampler]

    def planned(self, full: int) -> Plan:
        """Who trains how far, with a full budget of so many epochs."""
        settings = PlanSettings(
            self.candidates, self.first_epochs, self.round_epochs, self.eta, full, self.brackets
        )
        return PLANS[self.plan](settings)

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, name: str) -> str:
        check_name(name)
        return name

    @field_validator("sampler")
    @classmethod
    def _known_sampler(cls, name: str) -> str:
        SAMPLERS[name]
        return name

    @field_validator("plan")
    @classmethod
    def _known_plan(cls, name: str) -> str:
        PLANS[name]
        return name

    @model_validator(mode="after")
    def _plan_suits_the_rest(self) -> "PoolConfig":
        if self.plan in ("halving", "hyperband") and self.first_epochs < 1:
            raise ConfigurationError(
                f"the plan {self.plan} multiplies epochs, so search.first_epochs must be at least 1, got 0: "
                "give 1, or the plan rounds"
            )
        if self.plan == "hyperband" and self.optimiser.learns:
            raise ConfigurationError(
                f"the brackets of hyperband are measured at different epochs, which {self.sampler} would "
                "compare: give search.sampler = random, grid or qmc"
            )
        return self


class SearchConfig(Tasked):
    """Everything that decides the result of a search."""

    space: SpaceConfig = Field(default_factory=SpaceConfig)
    search: PoolConfig = Field(default_factory=PoolConfig)
    reference: ReferenceConfig | None = Field(None, description="None for one that is trained.")
    runtime: SearchRuntime = Field(default_factory=SearchRuntime)

    @property
    def density(self) -> float:
        """Live share of the prunable weights."""
        return density_from_sparsity(self.sparsity)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that stand for this configuration, whatever text is found."""
        document = decisive(self)
        for table, facts in {"corpus": ("sha256",), "task": FACTS, "reference": ("sha256",)}.items():
            for fact in facts:
                (document.get(table) or {}).pop(fact, None)
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]

    def bound(self, known: Tasked | None = None) -> Self:
        """As :meth:`Tasked.bound`, with the hash of the reference too.

        Raises:
            CheckpointError: the reference is no file of weights, or another than before.
        """
        config = super().bound(known)
        if config.reference is None:
            return config
        hashed = config.reference.model_copy(update={"sha256": config.reference.hashed()})
        return config.model_copy(update={"reference": hashed})

    @property
    def plan(self) -> Plan:
        """Who trains how far."""
        return self.search.planned(self.recipe.epochs)

    @property
    def planned(self) -> Cost:
        """Epochs that the search costs if no candidate fails or repeats another."""
        full, seeds = self.recipe.epochs, self.search.seeds
        measured = {ranking.until for ranking in rankings(self.plan)}
        further = (seeds - 1) * max(measured - {full} or {full}) if self.search.needs_dense else 0
        search = epochs(self.plan) * seeds
        dense = full + further if self.reference is None else 0
        return Cost(search, search + dense, self.search.candidates * seeds * full)

    @property
    def charged_epochs(self) -> int:
        """Of these, what the way of choosing needs: the dense reference only where the metric looks at it."""
        return self.planned.with_dense if self.search.needs_dense else self.planned.search

    @model_validator(mode="after")
    def _sampler_serves_the_space(self) -> "SearchConfig":
        self.search.optimiser.check(self.space, self.search.candidates)
        return self

    @model_validator(mode="after")
    def _budget_suffices(self) -> "SearchConfig":
        full = self.recipe.epochs
        last = max(ranking.until for ranking in rankings(self.plan))
        if last > full:
            raise ValueError(
                f"the rounds train up to epoch {last}, beyond [recipe] epochs = {full}: "
                "raise epochs, or lower [search] candidates, first_epochs or round_epochs"
            )
        return self
