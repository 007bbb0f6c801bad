"""The jobs of a search as plain descriptions: which network, from where, how far, kept where."""

from dataclasses import dataclass

from hyperprune.search.config.families import Family
from hyperprune.search.config.reference import ReferenceConfig
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.rounds.origin import Origin
from hyperprune.search.rounds.seeds import root_seed
from hyperprune.search.space.choice import Choice
from hyperprune.tasks import Part
from hyperprune.training import JobFolder, TrainingJob
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.measure_given import ReferenceJob
from hyperprune.training.stored.checkpoint import path as checkpoint_path
from hyperprune.training.teaching import TeacherConfig


@dataclass(frozen=True)
class Wanted:
    """A candidate, and until which epoch it is to be trained."""

    number: int
    choice: Choice
    until: int


class Jobs:
    """Describes the jobs of one search; starts none.

    Args:
        config: the search.
        folder: where its networks are kept.
    """

    def __init__(self, config: SearchConfig, folder: RunFolder) -> None:
        self._config, self._folder = config, folder

    def reference(self, reference: ReferenceConfig) -> ReferenceJob:
        """Measures the reference that was given."""
        config = self._config
        return ReferenceJob(
            folder=self._folder.dense.path,
            task=config.described,
            recipe=config.recipe,
            spectrum=config.spectrum,
            weights=reference.weights,
            seed=config.seed,
            threads=config.runtime.threads,
            device=config.runtime.device,
        )

    def dense(self, label: str, seed: int, until: int) -> TrainingJob:
        """The dense reference of a seed, until an epoch."""
        config = self._config
        return TrainingJob(
            label=label,
            folder=self._folder.dense_of(seed).path,
            task=config.described,
            recipe=config.recipe,
            spectrum=config.spectrum,
            seed=root_seed(config.seed, seed),
            until=until,
            initial=0 in config.measured_at,
            threads=config.runtime.threads,
            device=config.runtime.device,
            cuda_graphs=config.runtime.cuda_graphs,
        )

    def candidate(
        self, label: str, family: Family, one: Wanted, seed: int, origin: Origin | None
    ) -> TrainingJob:
        """A candidate's training; ``origin`` is the network that it starts from or learns from, if any."""
        config, choice = self._config, one.choice
        teacher = None
        if origin is not None and choice.distillation:
            teacher = TeacherConfig(
                weights=origin.weights, weight=choice.distillation, temperature=choice.temperature or 1.0
            )
        return TrainingJob(
            label=label,
            folder=self._folder.candidate(one.number, seed).path,
            task=choice.task(config.described),
            recipe=choice.recipe(family.recipe),
            spectrum=config.spectrum,
            variant=choice.variant,
            start=origin.weights if origin is not None and family.from_dense else None,
            keep_largest=family.keeps_largest or not family.from_dense,
            scores=self._folder.dense_of(seed).path,
            teacher=teacher,
            seed=root_seed(config.seed, seed),
            until=one.until,
            initial=family.pool.first_epochs == 0,
            covariance=family.pool.reads_covariance,
            threads=config.runtime.threads,
            device=config.runtime.device,
            cuda_graphs=config.runtime.cuda_graphs,
        )

    def on_part(self, folder: JobFolder, epoch: int, part: Part) -> EvaluationJob:
        """A kept checkpoint on a part of the data."""
        config = self._config
        return EvaluationJob(
            checkpoint=checkpoint_path(folder.path, epoch),
            task=config.described,
            recipe=config.recipe,
            part=part,
            threads=config.runtime.threads,
            device=config.runtime.device,
        )
