"""Options of several commands that no key of the configuration stands behind."""

from pathlib import Path
from typing import Annotated

from hyperprune.cli.keys import RUN, WHAT
from hyperprune.cli.table import option

_WHICH = "Which network"

Preset = Annotated[str | None, option(RUN, "Ready configuration.", role="preset")]
Config = Annotated[Path | None, option(RUN, "TOML file; overrides the preset.")]
Out = Annotated[Path, option(RUN, "Run folder. The same command resumes what is in it.")]
Json = Annotated[bool, option(None, "Print JSON instead of tables, to be read by a machine.", "--json")]
Task = Annotated[
    str | None,
    option(
        WHAT,
        "A task of your own in place of a text: package.module:object, also in the current folder; or the "
        "name of one that is shipped.",
        role="task",
    ),
]
Setting = Annotated[
    list[str] | None, option(WHAT, "NAME=VALUE for the task, such as hidden=64; as often as needed.")
]
TaskAgain = Annotated[
    str | None,
    option(None, "The task of the run once more, where it is not one of ours: a file alone imports no code."),
]
Candidate = Annotated[
    int | None, option(_WHICH, "Candidate of a search; without it the selected one.", min=0)
]
Dense = Annotated[bool, option(_WHICH, "The dense reference of a search.", "--dense")]
Threads = Annotated[int, option(None, "Threads.", min=1, max=1024)]
Device = Annotated[str, option(None, "Such as cpu or cuda:0.")]
