"""Options of several commands that no key of the configuration stands behind."""

from pathlib import Path
from typing import Annotated

from hyperprune.cli.keys import RUN, WHAT
from hyperprune.cli.table import option

_WHICH = "Which network"

Preset = Annotated[str | None, option(RUN, "Ready configuration.", role="preset")]
Config = Annotated[Path | None, option(RUN, "TOML file; overrides the preset.")]
Out = Annotated[Path, option(RUN, "Run folder. The same command resumes what is in it.")]
Json = Annotated[bool, option(None, "Print JSON instead of tables.", "--json")]
Task = Annotated[
    str | None,
    option(
        WHAT,
        "Your own task instead of a text: package.module:object, also from the current folder; or the "
        "name of an included task.",
        role="task",
    ),
]
Setting = Annotated[
    list[str] | None, option(WHAT, "NAME=VALUE for the task, such as hidden=64; may be repeated.")
]
TaskAgain = Annotated[
    str | None,
    option(None, "The task of the run, if it is not an included one: a file alone never imports code."),
]
Candidate = Annotated[
    int | None, option(_WHICH, "Candidate of a search; by default the selected one.", min=0)
]
Dense = Annotated[bool, option(_WHICH, "The dense reference of a search.", "--dense")]
Threads = Annotated[int, option(None, "Threads.", min=1, max=1024)]
Times = Annotated[
    bool,
    option(None, "Measure how fast the networks of the tables run on this machine, in turn.", "--times"),
]
Device = Annotated[str, option(None, "Device, such as cpu or cuda:0.")]
