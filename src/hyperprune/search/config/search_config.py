"""The configuration of a search: what stands in config.toml."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from hyperprune.config.decisive import decisive
from hyperprune.errors import ConfigurationError
from hyperprune.search.config.families import DENSE, SCRATCH, DenseStart, Family
from hyperprune.search.config.pool import PoolConfig
from hyperprune.search.config.reference import ReferenceConfig
from hyperprune.search.config.runtime import SearchRuntime
from hyperprune.search.plans import Cost, epochs, rankings
from hyperprune.search.space.space import SpaceConfig
from hyperprune.sparsity import CRITERION, density_from_sparsity
from hyperprune.tasks import Tasked
from hyperprune.tasks.own import FACTS
from hyperprune.training.stored.reference_hash import with_hashed_reference


class SearchConfig(Tasked):
    """Everything that decides the result of a search."""

    space: SpaceConfig = Field(default_factory=SpaceConfig)
    search: PoolConfig = Field(default_factory=PoolConfig)
    families: tuple[Literal["scratch", "dense"], ...] = Field(
        ("scratch",),
        min_length=1,
        description="Where candidates come from: scratch ([space], [search]), dense (the trained dense "
        "network, [dense_start]), or both (scratch,dense on the command line); the "
        "finalists of both are compared.",
    )
    dense_start: DenseStart = Field(default_factory=DenseStart)
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
        return with_hashed_reference(super().bound(known))

    @property
    def each_family(self) -> tuple[Family, ...]:
        """The families in order, with the numbers of their candidates and brackets."""
        found: list[Family] = []
        first = bracket = 0
        for name in self.families:
            if name == SCRATCH:
                start = self.reference is not None and self.reference.start
                pool = self.search
                family = Family(SCRATCH, self.space, pool, self.recipe, first, bracket, start, start)
            else:
                pool, recipe = self.dense_start.search, self.dense_start.recipe(self.recipe)
                pool = pool.model_copy(update={"seeds": self.search.seeds})
                space = self.dense_start.space_beside(self.space)
                family = Family(DENSE, space, pool, recipe, first, bracket, from_dense=True)
            found.append(family)
            first, bracket = first + pool.candidates, bracket + len(family.plan.brackets)
        return tuple(found)

    @property
    def uses_dense(self) -> bool:
        """Whether any candidate is ranked by the dense reference, starts from it or learns from it."""
        return any(family.uses_dense for family in self.each_family)

    @property
    def measured_at(self) -> set[int]:
        """Epochs of the dense reference at which candidates are measured against it."""
        scratch = [family for family in self.each_family if not family.from_dense or family.keeps_largest]
        return {ranking.until for family in scratch for ranking in rankings(family.plan)}

    @property
    def planned(self) -> Cost:
        """Epochs that the search costs if no candidate fails or repeats another."""
        full, seeds = self.recipe.epochs, self.search.seeds
        families = self.each_family
        each = max(self.measured_at - {full} or {full})
        if any(family.awaits_dense for family in families):
            each = full
        further = (seeds - 1) * each if self.uses_dense else 0
        search = sum(epochs(family.plan) for family in families) * seeds
        dense = full + further if self.reference is None else 0
        whole = sum(family.pool.candidates * family.recipe.epochs for family in families) * seeds
        return Cost(search, search + dense, whole)

    @property
    def charged_epochs(self) -> int:
        """Of these, what the way of choosing needs: the dense reference only where candidates use it."""
        return self.planned.with_dense if self.uses_dense else self.planned.search

    def _left_out(self) -> tuple[str, ...]:
        """One family from scratch is the published search, which has no word for it."""
        return () if DENSE in self.families else ("dense_start", "families")

    @field_validator("families", mode="before")
    @classmethod
    def _families_in_one_word(cls, given: Any) -> Any:
        """A command line has them in one: ``scratch,dense``."""
        return tuple(given.split(",")) if isinstance(given, str) else given

    @model_validator(mode="before")
    @classmethod
    def _dense_start_is_of_its_family(cls, given: Any) -> Any:
        """A preset's [dense_start] has no effect where families leaves dense out; alone it is a mistake."""
        if not isinstance(given, Mapping) or given.get("dense_start") is None:
            return given
        if given.get("families") is None:
            raise ConfigurationError(
                "[dense_start] describes candidates that families does not name: give families = "
                '["scratch", "dense"] too'
            )
        named = given["families"]
        if not isinstance(named, str | list | tuple) or DENSE in named:
            return given  # what is no list of names is refused with its field
        return {name: value for name, value in given.items() if name != "dense_start"}

    @model_validator(mode="before")
    @classmethod
    def _dense_in_one_family_is_dense_in_all(cls, given: Any) -> Any:
        """What [space] excludes, [dense_start.space] excludes too, unless it says what it does."""
        if not isinstance(given, Mapping):
            return given
        named = given.get("families")
        if not isinstance(named, str | list | tuple) or DENSE not in named:
            return given
        space, start = given.get("space") or {}, given.get("dense_start") or {}
        if not isinstance(start, Mapping):
            return given  # a whole record says what it means, and anything else is refused with its field
        own = start.get("space") or {}
        if not (isinstance(space, Mapping) and isinstance(own, Mapping)) or "exclude" in own:
            return given
        if not space.get("exclude"):
            return given
        return {**given, "dense_start": {**start, "space": {**own, "exclude": space["exclude"]}}}

    @model_validator(mode="after")
    def _families_fit(self) -> "SearchConfig":
        if len(set(self.families)) < len(self.families):
            raise ConfigurationError(
                f"families names each family once, got {', '.join(self.families)}: leave one out"
            )
        if DENSE in self.families and self.reference is not None and self.reference.start:
            raise ConfigurationError(
                "candidates start from the reference in the family dense already, got reference.start too: "
                "leave one of the two out"
            )
        if self.dense_start.search.seeds not in (1, self.search.seeds):
            raise ConfigurationError(
                "all families have the same seeds, got dense_start.search.seeds "
                f"{self.dense_start.search.seeds} and search.seeds {self.search.seeds}: give the latter alone"
            )
        return self

    @model_validator(mode="after")
    def _fresh_weights_are_chosen_at_random(self) -> "SearchConfig":
        trained = [name for name in self.space.criterion if CRITERION[name].trained]
        started = self.reference is not None and self.reference.start
        if SCRATCH in self.families and trained and not started:
            raise ConfigurationError(
                f"space.criterion {trained[0]} reads trained weights, and candidates of [space] start from "
                'fresh ones: give it in [dense_start.space] with families = ["dense"]'
            )
        return self

    @model_validator(mode="after")
    def _sampler_serves_the_space(self) -> "SearchConfig":
        for family in self.each_family:
            family.pool.optimiser.check(family.space, family.pool.candidates)
        return self

    @model_validator(mode="after")
    def _budget_suffices(self) -> "SearchConfig":
        for family in self.each_family:
            full = family.recipe.epochs
            last = max(ranking.until for ranking in rankings(family.plan))
            if last > full:
                where = "[recipe]" if family.name == SCRATCH else "[dense_start]"
                table = "[search]" if family.name == SCRATCH else "[dense_start.search]"
                raise ValueError(
                    f"the rounds train up to epoch {last}, beyond {where} epochs = {full}: "
                    f"raise epochs, or lower {table} candidates, first_epochs or round_epochs"
                )
        return self
