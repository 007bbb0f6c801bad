"""Write what is generated from the models: docs/configuration.md, the JSON schemas, the table of options.

With --check, only say what differs.
"""

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hyperprune.config.mistakes import record_of
from hyperprune.models import MODELS
from hyperprune.optim import OPTIMIZERS
from hyperprune.registry import Registry
from hyperprune.search import PRESETS, SearchConfig, SearchResult
from hyperprune.search.metrics.early import METRICS
from hyperprune.search.plans import PLANS
from hyperprune.search.samplers import SAMPLERS
from hyperprune.sparsity import (
    CRITERION,
    DEATH,
    DECAY,
    GROWTH,
    METHODS,
    PATTERN,
    REDISTRIBUTION,
    SPARSE_INIT,
    WEIGHT_SCALE,
)
from option_table import option_table

DOCS = Path(__file__).resolve().parents[1]
OPTIONS = DOCS.parent / "src" / "hyperprune" / "cli" / "options.json"
_HEAD = """# Configuration

<!-- written by docs/scripts/write_reference.py from the models: change those, then run make docs -->

A search is configured in layers, each overriding the one before: a preset ({presets}), a TOML file
(`--config`), flags. The combined configuration is written to `config.toml` in the run folder, and determines
the result bit for bit (same machine type, library versions and threads). There is also a
[JSON schema](schemas/config.schema.json), against which editors can check a file, and
[one of `result.json`](schemas/result.schema.json).
"""
_NAMES = """
## Names

The names that the keys above accept. Your own rules are added to the list if you register them before the
search starts.

| key | names |
| --- | --- |
"""
_REGISTRIES: dict[str, Registry[Any]] = {
    "model.kind": MODELS,
    "recipe.optimizer": OPTIMIZERS,
    "space.sparse_init": SPARSE_INIT,
    "space.death": DEATH,
    "space.growth": GROWTH,
    "space.redistribution": REDISTRIBUTION,
    "space.decay": DECAY,
    "space.method": METHODS,
    "space.criterion": CRITERION,
    "space.weight_scale": WEIGHT_SCALE,
    "space.pattern": PATTERN,
    "search.metric": METRICS,
    "search.sampler": SAMPLERS,
    "search.plan": PLANS,
}
_SIGNS = {Ge: ("ge", "≥"), Gt: ("gt", ">"), Le: ("le", "≤"), Lt: ("lt", "<")}


def pages() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    return {
        DOCS / "configuration.md": configuration(),
        DOCS / "schemas" / "config.schema.json": _schema(SearchConfig),
        DOCS / "schemas" / "result.schema.json": _schema(SearchResult),
        OPTIONS: option_table(),
    }


def configuration() -> str:
    """The reference of all keys."""
    plain = {name: field for name, field in SearchConfig.model_fields.items() if not _table(field)}
    head = _wrapped(_HEAD.format(presets=", ".join(f"`{name}`" for name in PRESETS)))
    parts = [head + "\n", _section("", "", plain)]
    for name, field in SearchConfig.model_fields.items():
        if model := _table(field):
            parts += _sections(name, model)
        if name == "model":
            parts += [_kind_section(kind, MODELS[kind]) for kind in MODELS]
    rows = "".join(f"| `{key}` | {_listed(registry)} |\n" for key, registry in _REGISTRIES.items())
    return "\n".join(parts) + _NAMES + rows


def _wrapped(prose: str) -> str:
    """Paragraphs in lines of at most 110 columns; links and comments stay whole."""
    return "\n\n".join(_filled(paragraph) for paragraph in prose.split("\n\n"))


def _filled(paragraph: str) -> str:
    if paragraph.startswith("<!--"):
        return paragraph
    whole = re.sub(r"\[[^\]]*\]\([^)]*\)", lambda link: link[0].replace(" ", "\0"), paragraph)
    lines = textwrap.wrap(" ".join(whole.split(" ")), 110, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def _kind_section(name: str, model: type[BaseModel]) -> str:
    """The keys of one kind of network."""
    fields = {key: field for key, field in model.model_fields.items() if key != "kind"}
    return _section(f'[model] kind = "{name}"', _summary(model), fields).replace("## ", "### ", 1)


def _listed(registry: Registry[Any]) -> str:
    return ", ".join(f"`{name}`" for name in registry)


def _schema(model: type[BaseModel]) -> str:
    return json.dumps(model.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


def _table(field: FieldInfo) -> type[BaseModel] | None:
    return record_of(field.annotation)


def _section(title: str, summary: str, fields: dict[str, FieldInfo]) -> str:
    head = f"## `{title}`\n\n{_wrapped(summary)}\n\n" if title else ""
    rows = "".join(_row(name, field) for name, field in fields.items())
    return f"{head}| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}"


def _sections(name: str, model: type[BaseModel]) -> list[str]:
    """A table and those inside it."""
    inner = {key: f for key, f in model.model_fields.items() if _table(f) and f.default_factory is not None}
    known = {key: f for key, f in model.model_fields.items() if key not in inner and f.exclude is not True}
    parts = [_section(f"[{name}]", _summary(model), known)]
    for key, field in inner.items():
        table = _table(field)
        assert table is not None
        parts += _sections(f"{name}.{key}", table)
    return parts


def _row(name: str, field: FieldInfo) -> str:
    limits = ", ".join(_limits(field))
    kind = _kind(field.annotation) + (f", {limits}" if limits else "")
    default = "" if field.is_required() else f"`{_toml(field.get_default(call_default_factory=True))}`"
    cells = (f"`{name}`", kind, "not set" if default == "`not set`" else default, field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |\n"


def _limits(field: FieldInfo) -> Iterator[str]:
    for limit in field.metadata:
        if type(limit) in _SIGNS:
            name, sign = _SIGNS[type(limit)]
            yield f"{sign} {getattr(limit, name)}"
        elif isinstance(limit, MinLen):
            yield f"at least {limit.min_length}"


def _kind(kind: Any) -> str:
    """A type as people say it."""
    if get_origin(kind) is None:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return "table of " + ", ".join(f"`{name}`" for name in kind.model_fields)
        words = {int: "whole number", float: "number", str: "text", bool: "true or false", type(None): "none"}
        return words.get(kind, getattr(kind, "__name__", str(kind)))
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return f"list of {_kind(arguments[0])}"
    if get_origin(kind) is dict:
        return f"table of {_kind(arguments[1])} by {_kind(arguments[0])}"
    if all(isinstance(argument, str) for argument in arguments):
        return " or ".join(f"`{argument}`" for argument in arguments)
    if get_origin(kind) is Annotated:
        return _kind(arguments[0])
    return " or ".join(_kind(argument) for argument in arguments if argument is not type(None))


def _toml(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, BaseModel):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)


def _summary(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def main() -> int:
    """Write, or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 if a file differs")
    check = parser.parse_args().check
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pages()[path], encoding="utf-8")
        print(f"{path.relative_to(DOCS.parent)} {'is not current: run make docs' if check else 'written'}")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
