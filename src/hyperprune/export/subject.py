"""What is exported: a network, its masks, and real inputs that the export is checked on."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune import files
from hyperprune.errors import ConfigurationError
from hyperprune.export.trace import Traced, trace
from hyperprune.inference.description import CONFIG
from hyperprune.inference.folder import plain_of
from hyperprune.inference.plain import Matrix, PlainNetwork
from hyperprune.search import RunFolder, SearchConfig, Trained, find
from hyperprune.search.space.words import choice_words
from hyperprune.sparsity.parameters.prunable import unwrap
from hyperprune.tasks import PERPLEXITY, Recipe, Score, task_of
from hyperprune.training import load_network
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.nested_state import unpack

Source = str | Path | nn.Module
_BATCH, _STEPS = 4, 32  # sequences and steps of the check


@dataclass(frozen=True, eq=False)
class Subject:
    """A network about to be exported.

    Attributes:
        network: in evaluation mode, pruned weights at zero.
        masks: bool, by the name of the parameter; a parameter without one lives where it is not zero.
        inputs: real ones for it, or random ones of the right kind.
        real: whether they are.
        model: kind and sizes, for a network of hyperprune.
        vocabulary: types of a language model.
        level: what its tokens are.
        task: name of the task it was trained on.
        score: what its number is called.
        story: where it comes from, a sentence or two; empty where nothing is known.
        loss: on the validation part, of any network of this class; None where there is no such part.
    """

    network: nn.Module
    masks: dict[str, Tensor]
    inputs: Any
    real: bool
    model: dict[str, Any] | None = None
    vocabulary: tuple[str, ...] | None = None
    level: str | None = None
    task: str | None = None
    score: Score = field(default_factory=Score)
    story: str = ""
    loss: Callable[[nn.Module], float] | None = None

    def traced(self) -> Traced:
        """The plain network inside it, if it is one."""
        return trace(self.network, self.inputs)

    def parameters(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Tensors of the state dictionary, shared ones once, and the names that stand for another's."""
        kept: dict[str, Tensor] = {}
        tied: dict[str, str] = {}
        first: dict[int, str] = {}
        for name, value in self.network.state_dict(keep_vars=True).items():
            if id(value) in first:
                tied[name] = first[id(value)]
                continue
            first[id(value)] = name
            kept[name] = value.detach().to("cpu")
        return kept, tied

    def matrices(self, gates: dict[str, int]) -> dict[str, Matrix]:
        """The tensors of two dimensions with what lives of them.

        Args:
            gates: how many lie one below the other, by name; 1 where it is left out.
        """
        kept, tied = self.parameters()
        masks = {tied.get(name, name): mask for name, mask in self.masks.items()}
        return {
            name: Matrix.of(value, masks.get(name), gates.get(name, 1))
            for name, value in kept.items()
            if value.dim() == 2
        }

    def plain(self, traced: Traced) -> PlainNetwork:
        """The plain network with this one's weights.

        Raises:
            ConfigurationError: it is none.
        """
        if traced.names is None:
            raise ConfigurationError(
                f"only a plain LSTM, GRU or tanh network goes into this format, and "
                f"{type(self.network).__name__} is none: {traced.why}; export it as torch, or the plain part "
                "alone"
            )
        kept, tied = self.parameters()
        others = {name: value for name, value in kept.items() if value.dim() != 2}
        return plain_of(traced.names, self.matrices({}), others, tied)


def subject_of(
    source: Source,
    *,
    candidate: int | None = None,
    dense: bool = False,
    task: str | None = None,
    inputs: Any = None,
) -> Subject:
    """The network that a run, a checkpoint or a module stands for.

    Args:
        source: a run folder, a checkpoint, or a module.
        candidate: of a search; the selected one if left out.
        dense: the dense reference of a search.
        task: for a network of a task of your own, its name again: a file alone imports no code.
        inputs: for a module, its argument, or a tuple of several; drawn at random where it can be guessed.

    Raises:
        CheckpointError: there is no such network, or it is damaged.
        ConfigurationError: a task that was not named, or a module whose inputs cannot be guessed.
    """
    if isinstance(source, nn.Module):
        network = copy.deepcopy(unwrap(source)).to("cpu", torch.float32).eval()
        given = _tried(network, _guessed(network)) if inputs is None else _plain(inputs)
        return Subject(network, {}, given, real=inputs is not None)
    _refuse_exports(files.expanded(source))
    found = find(Path(source), candidate, dense=dense)
    whole = checkpoint.load(found.weights)
    network = load_network(found.weights, task)
    masks = {
        name: unpack(whole.tensors[f"mask.{name}"], tuple(value.shape))
        for name, value in network.named_parameters()
        if f"mask.{name}" in whole.tensors
    }
    known = None if found.config is None else found.config.described
    vocabulary = whole.document.get("vocabulary")
    if vocabulary is not None and known is None:
        return Subject(
            network,
            masks,
            _guessed(network),
            real=False,
            model=whole.document["model"],
            vocabulary=tuple(vocabulary),
            score=PERPLEXITY,
        )
    recipe = Recipe() if found.config is None else found.config.recipe
    opened = task_of(whole.document, known, str(found.weights), task=task).open(recipe)
    return Subject(
        network,
        masks,
        opened.task.spectrum_inputs(_BATCH, _STEPS),
        real=True,
        model=whole.document.get("model"),
        vocabulary=None if vocabulary is None else tuple(vocabulary),
        level=None if known is None else known.level,
        task=whole.document.get("object"),
        score=opened.score,
        story=_story(found),
        loss=lambda other: opened.evaluate(other, "valid"),
    )


def _refuse_exports(folder: Path) -> None:
    """Say of an exported folder what it is, and what can be done with it."""
    formats = {"c": "hyperprune_rnn.h", "onnx": "step*.onnx", "torch or hub": CONFIG}
    found = [(name, file) for name, file in formats.items() if folder.is_dir() and any(folder.glob(file))]
    if found:
        name, file = found[-1]
        kept = "hyperprune.inference, profile and generate take it as it is; " if file == CONFIG else ""
        raise ConfigurationError(
            f"{folder} is an export of the format {name}: {kept}give the run or the checkpoint that it was "
            "made from"
        )


def _story(found: Trained) -> str:
    """What a search says of its network, beside the dense one."""
    run = found.weights.parent.parent.parent
    if not isinstance(found.config, SearchConfig) or found.weights.parent.parent.name != "candidates":
        return ""
    result = RunFolder(run).result()
    number = int(found.weights.parent.name) if found.weights.parent.name.isdecimal() else -1
    candidates = () if result is None else result.candidates
    own = next((candidate for candidate in candidates if candidate.number == number), None)
    if result is None or own is None:
        return ""
    line = (
        f"Candidate {number} of a search at sparsity {found.config.sparsity:g}: {choice_words(own.choices)}."
    )
    final, dense, text = own.final, result.dense.final, result.score.text
    if final is None:
        return line
    return (
        f"{line} At its best epoch the {result.score.name} is {text(final.valid_score)} on the validation "
        f"part and {text(final.test_score)} on the test part; the dense network of the search has "
        f"{text(dense.valid_score)} and {text(dense.test_score)}."
    )


def _plain(inputs: Any) -> Any:
    """Inputs on the CPU, numbers in float32."""
    if isinstance(inputs, tuple):
        return tuple(_plain(part) for part in inputs)
    if not isinstance(inputs, Tensor):
        return inputs
    return inputs.to("cpu", torch.float32) if inputs.is_floating_point() else inputs.to("cpu")


def _tried(module: nn.Module, guessed: Any) -> Any:
    """The guess, if the module takes it."""
    try:
        with torch.no_grad():
            module(guessed)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise ConfigurationError(
            f"{type(module).__name__} does not take what was guessed ({str(error).splitlines()[0]}): give an "
            "example of its argument in inputs"
        ) from None
    return guessed


def _guessed(module: nn.Module) -> Any:
    """Random inputs: tokens for what has an embedding, numbers for what begins with a recurrent module."""
    generator = torch.Generator().manual_seed(0)
    parts = list(module.modules())
    for embedding in (part for part in parts if isinstance(part, nn.Embedding)):
        return torch.randint(embedding.num_embeddings, (_STEPS, _BATCH), generator=generator)
    for recurrent in (part for part in parts if isinstance(part, nn.RNNBase)):
        return torch.randn(_STEPS, _BATCH, recurrent.input_size, generator=generator)
    raise ConfigurationError(
        f"what {type(module).__name__} takes cannot be guessed: give an example of its argument in inputs"
    )
