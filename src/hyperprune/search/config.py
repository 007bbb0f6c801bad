"""The configuration of a search: what stands in config.toml."""

import hashlib
import json
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from torch import nn

from hyperprune.optim import build
from hyperprune.search.halving import budgets
from hyperprune.search.metrics import METRICS
from hyperprune.search.runtime import SearchRuntime
from hyperprune.search.space import SpaceConfig
from hyperprune.sparsity import SparseTraining, density_from_sparsity
from hyperprune.training.decisive import decisive
from hyperprune.training.own_task import FACTS
from hyperprune.training.tasked import Tasked


class PoolConfig(BaseModel):
    """How many candidates there are, how they are suggested, ranked and halved."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    candidates: int = Field(
        40, ge=1, le=100_000, description="Suggestions of the optimiser, duplicates included."
    )
    first_epochs: int = Field(3, ge=1, description="Epochs of every candidate before the first ranking.")
    round_epochs: int = Field(3, ge=1, description="Further epochs of the survivors in each round.")
    metric: str = Field("ls", description="What ranks candidates: ls (distance of spectra) or loss.")
    distance: Literal["l2", "wasserstein"] = Field("l2", description="Distance of two spectra.")
    near_duplicates: float | None = Field(
        None,
        gt=0,
        description="Two candidates whose exponents differ by at most this (root mean square, nats a step) "
        "are the same: the worse one is not promoted beside the better. None for off.",
    )
    sampler: Literal["tpe", "random"] = Field("tpe", description="Optimiser that suggests variants.")
    startup: int = Field(10, ge=1, description="Random suggestions before TPE begins.")
    batch: int = Field(
        4,
        ge=1,
        le=100_000,
        description="Suggestions that TPE makes before it is told how the first of them did; so many can "
        "train at a time, and the result does not depend on how many do.",
    )

    @property
    def told(self) -> str:
        """What the optimiser is told: the metric, with the distance where it is one."""
        return self.metric if self.metric == "loss" else f"{self.metric}, {self.distance}"

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, name: str) -> str:
        METRICS[name]
        return name


class SearchConfig(Tasked):
    """Everything that decides the result of a search."""

    space: SpaceConfig = Field(default_factory=SpaceConfig)
    search: PoolConfig = Field(default_factory=PoolConfig)
    runtime: SearchRuntime = Field(default_factory=SearchRuntime)

    @property
    def density(self) -> float:
        """Live share of the prunable weights."""
        return density_from_sparsity(self.sparsity)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that stand for this configuration, whatever text is found."""
        document = decisive(self)
        for table, facts in {"corpus": ("sha256",), "task": FACTS}.items():
            for fact in facts:
                document.get(table, {}).pop(fact, None)
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]

    @model_validator(mode="after")
    def _optimizer_has_what_the_rules_need(self) -> "SearchConfig":
        """Try every rule with the recipe's optimiser on a tiny network, before any training."""
        for variant in self.space.examples(self.density):
            network = nn.Linear(4, 4)
            optimizer = build(
                self.recipe.optimizer,
                network,
                lr=self.recipe.learning_rate,
                weight_decay=self.recipe.weight_decay,
                momentum=self.recipe.momentum,
                nonmonotone=self.recipe.nonmonotone,
            )
            total = self.recipe.epochs * 1000
            plain = replace(variant, exclude=(), densities=(), share_budget=())
            SparseTraining.from_variant(plain, network, optimizer, total_steps=total)
        return self

    @model_validator(mode="after")
    def _budget_suffices(self) -> "SearchConfig":
        last = budgets(self.search.candidates, self.search.first_epochs, self.search.round_epochs)[-1]
        if last.until > self.recipe.epochs:
            raise ValueError(
                f"the rounds train up to epoch {last.until}, beyond [recipe] epochs = {self.recipe.epochs}: "
                "raise epochs, or lower [search] candidates, first_epochs or round_epochs"
            )
        return self
