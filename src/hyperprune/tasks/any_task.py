"""All kinds of task, and the task of a checkpoint."""

from typing import Any

from pydantic import ValidationError
from torch import nn

from hyperprune.corpora import CorpusConfig
from hyperprune.corpora import load as load_corpus
from hyperprune.errors import ConfigurationError
from hyperprune.models import build
from hyperprune.tasks.own import OWN, OwnTask, make_task, recorded
from hyperprune.tasks.text.text_codec import TextCodec
from hyperprune.tasks.text.text_task import TextTask, described

AnyTask = TextTask | OwnTask


def network_of(
    document: dict[str, Any], given: str | None, where: str, level: str | None = None
) -> nn.Module:
    """A fresh network of the kind and the sizes that a checkpoint's document describes.

    A language model has a :class:`TextCodec` as ``text``.

    Args:
        document: what stands beside the weights.
        given: the task that the user named in this call: a file alone imports no code.
        where: the file, for errors.
        level: of a text, where it is known: ``word`` or ``character``.

    Raises:
        CheckpointError: it is of a network that this version does not know.
        ConfigurationError: it is of a task that was not named, or that cannot be found.
    """
    if document.get("task") == OWN:
        return make_task(recorded(document, given, where)).network()
    model, types = described(document, where)
    network = build(model, len(types))
    if not hasattr(network, "text"):  # a kind from outside may have one of its own
        network.text = TextCodec.of(types, level)  # type: ignore[assignment]  # torch expects tensors alone
    return network


def task_of(
    document: dict[str, Any],
    known: AnyTask | None,
    where: str,
    *,
    task: str | None = None,
    source: str | None = None,
    level: str | None = None,
) -> AnyTask:
    """What a trained network is measured on: the data of its run, or what the user names.

    Args:
        document: what stands beside the weights.
        known: the task of its run; None for a checkpoint outside of one.
        where: the checkpoint, for errors.
        task: the task that the user named in this call: a file alone imports no code.
        source: another text.
        level: how to read it.

    Raises:
        CheckpointError: it is of a network that this version does not know.
        ConfigurationError: a task that was not named, or data that is unknown.
    """
    if document.get("task") == OWN:
        return recorded(document, task, where)
    own = known.corpus if isinstance(known, TextTask) else None
    if source is None and own is None:
        raise ConfigurationError(
            f"{where} lies outside its run, so its text is unknown: give the text with --corpus"
        )
    if own is None or source is not None or level not in (None, own.level):
        kept = own or CorpusConfig()
        try:
            own = CorpusConfig.model_validate({"source": source or kept.source, "level": level or kept.level})
        except ValidationError as error:
            (first, *_) = error.errors()
            key = ".".join(str(part) for part in ("corpus", *first["loc"]))
            raise ConfigurationError(f"{key}: {first['msg']}, not {first['input']!r}") from None
    if own.sha256 is not None:
        load_corpus(own)  # the run's own text: refuse one that has changed since
    model, types = described(document, where)
    return TextTask(corpus=own, model=model, types=types).named_again(task, where)
