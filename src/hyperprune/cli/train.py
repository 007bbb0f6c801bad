"""``hyperprune train``."""

from pathlib import Path
from typing import Annotated, Any

from hyperprune.cli import options
from hyperprune.cli.keys import PRUNING, TRAINED
from hyperprune.cli.table import configured, option


@configured(TRAINED)
def train(
    preset: options.Preset = None,
    config: options.Config = None,
    out: options.Out = Path("runs/train"),
    as_json: options.Json = False,
    dense: Annotated[bool, option(PRUNING, "Prune nothing.", "--dense")] = False,
    *,
    values: dict[str, Any],
    task: options.Task = None,
    setting: options.Setting = None,
) -> None:
    """Train one network: a pruned variant, or the dense one.

    Takes the same presets and files as a search, and leaves out their tables [search] and [space]. The same
    command resumes an interrupted training.
    """
    from hyperprune.cli import own_tasks
    from hyperprune.cli.work import run_train

    values |= own_tasks.named(task, setting)
    run_train.train(preset, config, values, out, dense=dense, as_json=as_json)
