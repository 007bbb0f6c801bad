"""What options of the command line are called, mean and take, from the models and registries."""

import json
from collections.abc import Iterable
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hyperprune.cli.keys import ALL
from hyperprune.config.mistakes import record_of
from hyperprune.corpora import DATASETS
from hyperprune.corpora.sources import BUILT_IN
from hyperprune.executors import EXECUTORS
from hyperprune.models import MODELS
from hyperprune.optim import OPTIMIZERS
from hyperprune.search import PRESETS, SearchConfig
from hyperprune.search.config.baselines import BASELINES
from hyperprune.search.metrics.early import METRICS
from hyperprune.search.plans import PLANS
from hyperprune.search.samplers import SAMPLERS
from hyperprune.sparsity import DEATH, DECAY, GROWTH, METHODS, PATTERN, REDISTRIBUTION, SPARSE_INIT
from hyperprune.tasks import SHIPPED
from hyperprune.training import TrainConfig

REGISTERED: dict[str, Iterable[str]] = {
    "corpus.source": (BUILT_IN, *DATASETS),
    "model.kind": MODELS,
    "recipe.optimizer": OPTIMIZERS,
    "runtime.executor": EXECUTORS,
    "search.metric": METRICS,
    "search.plan": PLANS,
    "search.sampler": SAMPLERS,
    "variant.method": METHODS,
    "variant.sparse_init": SPARSE_INIT,
    "variant.death": DEATH,
    "variant.growth": GROWTH,
    "variant.redistribution": REDISTRIBUTION,
    "variant.decay": DECAY,
    "variant.pattern": PATTERN,
    "space.pattern": PATTERN,
}
NAMED: dict[str, Iterable[str]] = {
    "preset": PRESETS,
    "task": SHIPPED,
    "baseline": BASELINES,
    "data": DATASETS,
    "convention": ("paper",),
    "part": ("train", "valid", "test"),
}
_FILES = ("reference.checkpoint",)


def option_table() -> str:
    """The text of ``hyperprune/cli/options.json``."""
    table = {
        "names": {role: sorted(names) if role != "part" else list(names) for role, names in NAMED.items()},
        "keys": {key: _entry(key) for key in ALL},
    }
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"


def _entry(key: str) -> dict[str, Any]:
    field = _field(key)
    kind, names = _kind(field.annotation)
    if key in REGISTERED:
        names = sorted(REGISTERED[key])
    entry: dict[str, Any] = {"type": "path" if key in _FILES else kind, "help": field.description}
    return entry | ({"names": names} if names else {})


def _field(key: str) -> FieldInfo:
    """The field of a dotted name in the configuration of a search, or of a training."""
    for config in (SearchConfig, TrainConfig):
        room, _, name = key.rpartition(".")
        model: type[BaseModel] | None = config
        if room:
            model = record_of(config.model_fields[room].annotation) if room in config.model_fields else None
        found = None if model is None else _known(model, name)
        if found is not None:
            return found
    raise KeyError(f"{key} is a key of no configuration: correct hyperprune/cli/keys.py")


def _known(model: type[BaseModel], name: str) -> FieldInfo | None:
    kinds = (MODELS[kind] for kind in MODELS) if issubclass(MODELS["rnn"], model) else ()
    return next((one.model_fields[name] for one in (model, *kinds) if name in one.model_fields), None)


def _kind(annotation: Any) -> tuple[str, list[str]]:
    """What a value is, and the words it may be where these are known."""
    kinds, names = [], []
    for part in get_args(annotation) if get_origin(annotation) not in (None, Literal) else (annotation,):
        if get_origin(part) is Literal:
            names += get_args(part)
        elif part not in (NoneType, Ellipsis):
            of = get_args(part)[0] if get_origin(part) is tuple else part  # several are one word with commas
            kinds.append(of.__name__)
    if names and kinds:
        return f"{kinds[0]} or name", names
    return (kinds[0] if kinds else "str"), names
