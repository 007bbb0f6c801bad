"""Ready configurations: one TOML file each, beside this page."""

import tomllib
from importlib import resources
from typing import Any

from hyperprune.errors import UnknownNameError

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
    "python-docs",
    "python-docs-characters",
    "wt2-mos",
    "wt2-mos-small",
)


def preset(name: str) -> dict[str, Any]:
    """The tables of a preset, as TOML gives them.

    Raises:
        UnknownNameError: there is no such preset.
    """
    if name not in PRESETS:
        raise UnknownNameError(f"unknown preset {name!r}: choose one of {', '.join(PRESETS)}")
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
