"""Options of commands, built from ``options.json``."""

import functools
import inspect
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hyperprune.cli.keys import Group, option_of
from hyperprune.cli.terminal.markup import escaped
from hyperprune.cli.terminal.numbers import number, number_or, number_or_name
from hyperprune.errors import ConfigurationError

_TABLE: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("options.json").read_text(encoding="utf-8")
)
_KINDS: dict[str, type] = {"int": int, "str": str, "bool": bool, "path": Path}
_PLACE = "values"  # the parameter that options of the configuration arrive in


def names(role: str) -> list[str]:
    """The names of a role, such as ``preset``, or of a key, such as ``recipe.optimizer``."""
    known: list[str] = _TABLE["names"].get(role) or _TABLE["keys"][role]["names"]
    return known


def completes(role: str) -> Callable[[str], list[str]]:
    """What Tab offers: the names of a role that begin with what has been typed."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names(role) if name.startswith(incomplete)]

    return complete


def option(heading: str | None, help: str, *declared: str, role: str = "", **given: Any) -> Any:
    """An option that no key of the configuration stands behind.

    Args:
        heading: the part of ``--help`` that it stands in; None for the first.
        help: what it is for.
        declared: its name, where it is not that of the parameter.
        role: of the names that it may be: they are listed, and offered by Tab.
        given: further arguments of :func:`typer.Option`.
    """
    said, completion = (_listing(help, names(role)), completes(role)) if role else (help, None)
    return typer.Option(
        *declared, help=escaped(said), rich_help_panel=heading, autocompletion=completion, **given
    )


def configured(groups: Sequence[Group]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of some keys, in the place of its parameter ``values``.

    The command gets what was given as a dictionary by dotted name; what was not given is left out.
    """
    keys = {option_of(key): key for group in groups for key in group.keys}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            values = {key: _plain(key, given.pop(name)) for name, key in keys.items()}
            command(**given, **{_PLACE: {key: value for key, value in values.items() if value is not None}})

        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command, eval_str=True).parameters.values():
            if parameter.name == _PLACE:
                parameters += [_parameter(key, group) for group in groups for key in group.keys]
            else:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _parameter(key: str, group: Group) -> inspect.Parameter:
    entry, name = _TABLE["keys"][key], option_of(key)
    word, meaning = group.words.get(key, ("", ""))
    listed = entry.get("names", [])
    declared: dict[str, Any] = {"autocompletion": completes(key)} if listed else {}
    if word:
        declared |= {"parser": number_or(word), "metavar": f"number or {word}"}
    elif entry["type"] == "float":
        declared |= {"parser": number, "metavar": "number"}
    elif entry["type"] == "int or name":
        declared |= {"parser": number_or_name, "metavar": "int or name"}
    names = (f"--{name.replace('_', '-')}",) if entry["type"] == "bool" else ()
    said = f"{_listing(entry['help'], listed)} {meaning}".strip()
    info = typer.Option(*names, help=escaped(said), rich_help_panel=group.heading, **declared)
    base: Any = _KINDS.get(entry["type"], str)
    kind: Any = Annotated[base | None, info]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def _listing(help: str, known: Sequence[str]) -> str:
    """What an option is for, and the names it takes, unless it says them all."""
    words = re.findall(r"[\w-]+", help)
    return help if all(name in words for name in known) else f"{help} One of: {', '.join(known)}."


def _plain(key: str, value: Any) -> Any:
    """A value as TOML has it; a flag that was not given says nothing."""
    if value is False:
        return None
    plain = str(value) if isinstance(value, Path) else value
    if isinstance(plain, str) and any("\ud800" <= sign <= "\udfff" for sign in plain):
        raise ConfigurationError(
            f"{key}: the name {plain!r} is not UTF-8, and config.toml could not say it: rename it"
        )
    return plain
