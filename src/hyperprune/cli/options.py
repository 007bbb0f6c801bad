"""Options that several commands share, and the configuration keys they stand for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hyperprune.cli.completion import one_of

RUN = "Run"
WHAT = "What is trained (overrides preset and file)"
PRUNING = "How it is pruned"

# what --preset takes; a list here, because the presets' own room takes seconds to import
PRESETS = (
    "demo",
    "ptb-awd-lstm",
    "ptb-awd-lstm-small",
    "ptb-gru-small",
    "ptb-lstm",
    "ptb-lstm-small",
    "ptb-on-lstm",
    "ptb-on-lstm-small",
    "ptb-rhn",
    "ptb-rhn-small",
    "ptb-rnn-small",
    "python-docs-characters",
    "wt2-mos",
    "wt2-mos-small",
)
# what --model takes, for the same reason
MODELS = ("awd-lstm", "awd-lstm-mos", "gru", "on-lstm", "rhn", "rnn", "stacked-lstm")

# names that --task takes beside package.module:object
TASKS = ("co2", "digits")


def _tasks(incomplete: str) -> list[str]:
    return [name for name in TASKS if name.startswith(incomplete)]


def _presets(incomplete: str) -> list[str]:
    return [name for name in PRESETS if name.startswith(incomplete)]


def _models(incomplete: str) -> list[str]:
    return [name for name in MODELS if name.startswith(incomplete)]


def _corpora(incomplete: str) -> list[str]:
    """Names of corpora; folders and files are the shell's business."""
    return [name for name in ("python-docs", "ptb", "wikitext-2") if name.startswith(incomplete)]


Preset = Annotated[
    str | None,
    typer.Option(
        help=f"Ready configuration: {', '.join(PRESETS)}.", rich_help_panel=RUN, autocompletion=_presets
    ),
]
Config = Annotated[Path | None, typer.Option(help="TOML file; overrides the preset.", rich_help_panel=RUN)]
Out = Annotated[Path, typer.Option(help="Run folder. The same command goes on with it.", rich_help_panel=RUN)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables, to be read by a machine.")]
Task = Annotated[
    str | None,
    typer.Option(
        help="A task of your own in place of a text: package.module:object, also in the current folder; or "
        f"{', '.join(TASKS)}.",
        rich_help_panel=WHAT,
        autocompletion=_tasks,
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE for the task, such as hidden=64; as often as needed.", rich_help_panel=WHAT
    ),
]
TaskAgain = Annotated[
    str | None,
    typer.Option(
        help="The task of the run once more, where it is not one of ours: a file alone imports no code."
    ),
]
Corpus = Annotated[
    str | None,
    typer.Option(
        help="Folder, text file, python-docs, or what data get has fetched: ptb, wikitext-2.",
        rich_help_panel=WHAT,
        autocompletion=_corpora,
    ),
]
Level = Annotated[
    str | None,
    typer.Option(
        autocompletion=one_of("level"),
        help="Tokens are words or characters: word, character.",
        rich_help_panel=WHAT,
    ),
]
MaxTrainTokens = Annotated[
    int | None, typer.Option(help="Keep the first training tokens.", rich_help_panel=WHAT)
]
MaxVocabulary = Annotated[
    int | None, typer.Option(help="Keep the most frequent types.", rich_help_panel=WHAT)
]
Model = Annotated[
    str | None,
    typer.Option(help=f"Kind of network: {', '.join(MODELS)}.", rich_help_panel=WHAT, autocompletion=_models),
]
Embedding = Annotated[int | None, typer.Option(help="Embedding size.", rich_help_panel=WHAT)]
Hidden = Annotated[int | None, typer.Option(help="Units of each layer.", rich_help_panel=WHAT)]
Layers = Annotated[int | None, typer.Option(help="Recurrent layers.", rich_help_panel=WHAT)]
Dropout = Annotated[float | None, typer.Option(help="Dropout.", rich_help_panel=WHAT)]
Optimizer = Annotated[
    str | None,
    typer.Option(
        autocompletion=one_of("optimizer"), help="Optimiser, such as sgd or snt-asgd.", rich_help_panel=WHAT
    ),
]
LearningRate = Annotated[float | None, typer.Option(help="Learning rate.", rich_help_panel=WHAT)]
Batch = Annotated[int | None, typer.Option(help="Columns of training text.", rich_help_panel=WHAT)]
Bptt = Annotated[int | None, typer.Option(help="Steps back in time.", rich_help_panel=WHAT)]
Epochs = Annotated[int | None, typer.Option(help="The full budget of epochs.", rich_help_panel=WHAT)]
Sparsity = Annotated[
    float | None, typer.Option(help="Share of prunable weights that is zero.", rich_help_panel=WHAT)
]
Seed = Annotated[int | None, typer.Option(help="Root seed.", rich_help_panel=WHAT)]
Threads = Annotated[int | None, typer.Option(help="Threads of each job.", rich_help_panel=WHAT)]
Device = Annotated[str | None, typer.Option(help="Such as cpu or cuda:0.", rich_help_panel=WHAT)]

KEYS = {
    "corpus": "corpus.source",
    "level": "corpus.level",
    "max_train_tokens": "corpus.max_train_tokens",
    "max_vocabulary": "corpus.max_vocabulary",
    "model": "model.kind",
    "embedding": "model.embedding",
    "hidden": "model.hidden",
    "layers": "model.layers",
    "dropout": "model.dropout",
    "optimizer": "recipe.optimizer",
    "learning_rate": "recipe.learning_rate",
    "batch": "recipe.batch",
    "bptt": "recipe.bptt",
    "epochs": "recipe.epochs",
    "sparsity": "sparsity",
    "reference": "reference.checkpoint",
    "from_reference": "reference.start",
    "candidates": "search.candidates",
    "first_epochs": "search.first_epochs",
    "round_epochs": "search.round_epochs",
    "metric": "search.metric",
    "sampler": "search.sampler",
    "seeds": "search.seeds",
    "plan": "search.plan",
    "eta": "search.eta",
    "near_duplicates": "search.near_duplicates",
    "seed": "seed",
    "threads": "runtime.threads",
    "device": "runtime.device",
    "workers": "runtime.workers",
    "executor": "runtime.executor",
    "address": "runtime.address",
    "sparse_init": "variant.sparse_init",
    "death": "variant.death",
    "growth": "variant.growth",
    "redistribution": "variant.redistribution",
    "death_rate": "variant.death_rate",
    "decay": "variant.decay",
    "update_interval": "variant.update_interval",
}


def values(**given: Any) -> dict[str, Any]:
    """Options by the configuration keys they stand for; those that were not given are left out."""
    return {KEYS[name]: value for name, value in given.items() if value is not None}
