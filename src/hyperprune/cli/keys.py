"""Which keys of the configuration are options of which commands.

What an option is called, what it means and what it takes is written once, at the field of its pydantic
model. ``options.json`` is a copy of that, made by ``make docs`` and held equal by a test: the models
themselves bring torch, and ``--help`` must not wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

RUN = "Run"
WHAT = "What is trained (overrides preset and file)"
PRUNING = "How it is pruned"
SPECTRUM = "Conventions (by default those of the run)"
UNTRAINED = "An untrained network, or weights of yours"
DRIVING = "A text other than the run's"

# options that are not called as the last part of their key
_CALLED = {
    "corpus.source": "corpus",
    "model.kind": "model",
    "reference.checkpoint": "reference",
    "reference.start": "from_reference",
    "recipe.evaluation_batch": "batch",
}


@dataclass(frozen=True)
class Group:
    """Options that stand together.

    Attributes:
        heading: of ``--help``.
        keys: what they set, by dotted name.
        words: a word that may stand in the place of a key's number, and what it means.
    """

    heading: str
    keys: tuple[str, ...]
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def option_of(key: str) -> str:
    """The option of a key, as Python writes it."""
    return _CALLED.get(key, key.rpartition(".")[2])


TEXT = ("corpus.level", "corpus.max_train_tokens", "corpus.max_vocabulary")
SIZES = ("model.embedding", "model.hidden", "model.layers")
_NETWORK = ("corpus.source", *TEXT, "model.kind", *SIZES, "model.dropout")
_RECIPE = tuple(f"recipe.{key}" for key in ("optimizer", "learning_rate", "batch", "bptt", "epochs"))
_REFERENCE = ("reference.checkpoint", "reference.start")
_POOL = tuple(
    f"search.{key}"
    for key in (
        *("candidates", "first_epochs", "round_epochs", "metric", "sampler", "seeds", "plan", "eta"),
        *("near_duplicates", "tolerance", "controls"),
    )
)
_SPACE = ("sparsity", "space.pattern", "space.exclude")
_PLACE = ("seed", "runtime.threads", "runtime.device")
_AUTO = {"sparsity": ("auto", "Or auto: the largest that is level with the dense network.")}

SEARCHED = (
    Group(WHAT, (*_NETWORK, *_RECIPE, *_SPACE, "families", *_REFERENCE, *_POOL, *_PLACE), _AUTO),
    Group(RUN, ("runtime.workers", "runtime.executor", "runtime.address")),
)
TRAINED = (
    Group(
        PRUNING,
        (
            "variant.method",
            "sparsity",
            *("variant.sparse_init", "variant.death", "variant.growth", "variant.redistribution"),
            *("variant.death_rate", "variant.decay", "variant.update_interval"),
            *("variant.pattern", "variant.keep_diagonal", "variant.exclude"),
        ),
    ),
    Group(WHAT, (*_NETWORK, *_RECIPE, "reference.checkpoint", *_PLACE)),
)
COUNTED = (Group(WHAT, TEXT),)
_CONVENTIONS = ("state", "direction", "warmup", "steps", "batch", "k")
MEASURED = (
    Group(SPECTRUM, tuple(f"spectrum.{key}" for key in _CONVENTIONS)),
    Group(UNTRAINED, (*SIZES, "reference.checkpoint", "seed")),
    Group(DRIVING, ("corpus.source", "corpus.level")),
)
EVALUATED = (Group(DRIVING, ("corpus.source", "corpus.level", "recipe.evaluation_batch", "recipe.bptt")),)
ALL = tuple(
    dict.fromkeys(
        key
        for groups in (SEARCHED, TRAINED, COUNTED, MEASURED, EVALUATED)
        for group in groups
        for key in group.keys
    )
)
