"""From the description of a task to the task, and to the facts that a run keeps of it."""

import torch

from hyperprune.corpora import load as load_corpus
from hyperprune.corpora import unigram_perplexity
from hyperprune.errors import ConfigurationError
from hyperprune.training.language_modelling import LanguageModelling
from hyperprune.training.measurement import SpectrumConfig
from hyperprune.training.opened import OpenedTask, counted_steps, data_hash, score_of
from hyperprune.training.own_task import OwnTask, make
from hyperprune.training.recipe import Recipe
from hyperprune.training.score import PERPLEXITY, Score
from hyperprune.training.text_task import TextTask

TaskDescription = TextTask | OwnTask
OWN = "own"


def open_task(description: TaskDescription, recipe: Recipe, seed: int = 0, device: str = "cpu") -> OpenedTask:
    """The task that a description names; that of an own task is imported and run.

    Raises:
        CorpusError: the text cannot be read or is too short.
        ConfigurationError: an own task cannot be found or is none.
    """
    place = torch.device(device)
    if isinstance(description, TextTask):
        text = LanguageModelling(load_corpus(description.corpus), description.model, recipe, device)
        return OpenedTask(text, "language modelling", seed, place, text.steps_per_epoch, text.document)
    task = make(description)
    steps = description.steps_per_epoch or counted_steps(task, task.network().to(place), seed)
    document = {"task": OWN, "object": description.object, "settings": description.settings}
    return OpenedTask(task, description.object, seed, place, steps, document)


def bound(description: TaskDescription, spectrum: SpectrumConfig, seed: int = 0) -> TaskDescription:
    """A description with the facts that a run keeps, so that it is never resumed with other data.

    Raises:
        CorpusError: the text cannot be read, or is not the one whose hash the description holds.
        ConfigurationError: an own task cannot be found, or is not the one whose facts the description holds.
    """
    if isinstance(description, TextTask):
        corpus = description.corpus.model_copy(update={"sha256": load_corpus(description.corpus).sha256})
        return description.model_copy(update={"corpus": corpus})
    task = make(description)
    inputs = task.spectrum_inputs(spectrum.batch, spectrum.warmup + spectrum.steps)
    facts = {
        "score": score_of(task),
        "steps_per_epoch": counted_steps(task, task.network(), seed),
        "data_sha256": data_hash(inputs),
    }
    for name, fact in facts.items():
        known = getattr(description, name)
        if known not in (None, fact):
            raise ConfigurationError(
                f"the task {description.object} is not what this run was started with ({name} is {fact!r} "
                "now): restore its code and data, or start a new run"
            )
    return description.model_copy(update=facts)


def score_named(description: TaskDescription) -> Score:
    """What a run calls its number; without opening the task."""
    if isinstance(description, TextTask):
        return PERPLEXITY
    return description.score or Score()


def baseline(description: TaskDescription) -> tuple[str, float] | None:
    """What is reached without a network: a few words, and the score on the validation part.

    Raises:
        ConfigurationError: an own task cannot be found.
    """
    if isinstance(description, TextTask):
        counted = unigram_perplexity(load_corpus(description.corpus))
        return f"{description.corpus.level} frequencies alone", counted
    offered = getattr(make(description), "baseline", None)
    if offered is None:
        return None
    name, number = offered()
    return str(name), float(number)
