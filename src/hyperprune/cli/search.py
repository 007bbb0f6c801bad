"""``hyperprune search``."""

from pathlib import Path
from typing import Annotated, Any

from hyperprune.cli import options
from hyperprune.cli.keys import RUN, SEARCHED
from hyperprune.cli.table import configured, option

_BASELINE = "What to compare it with"


@configured(SEARCHED)
def search(
    preset: options.Preset = None,
    config: options.Config = None,
    out: options.Out = Path("runs/search"),
    extend: Annotated[
        bool,
        option(RUN, "Extend a finished search: more candidates or epochs, or another metric.", "--extend"),
    ] = False,
    init: Annotated[
        Path | None, option(RUN, "Write a commented configuration to this new file and exit.")
    ] = None,
    tensorboard: Annotated[
        Path | None, option(RUN, "Write curves for TensorBoard into this folder too (extra tensorboard).")
    ] = None,
    times: options.Times = False,
    as_json: options.Json = False,
    task: options.Task = None,
    setting: options.Setting = None,
    *,
    values: dict[str, Any],
    baseline: Annotated[
        str | None, option(_BASELINE, "Baseline to run instead of this search.", role="baseline")
    ] = None,
    budget: Annotated[
        int | None,
        option(
            _BASELINE,
            "Epochs that the baseline's candidates may train; by default those of this search.",
            min=1,
        ),
    ] = None,
) -> None:
    """Search pruned variants of a recurrent network, on a text or for a task of your own.

    Trains the dense network as the reference and a pool of pruned variants for a few epochs. Then keeps the
    better half, round by round, by the distance of their Lyapunov spectra to that of the dense network. The
    same command resumes an interrupted search.
    """
    from hyperprune.cli import own_tasks
    from hyperprune.cli.work import run_search

    values |= own_tasks.named(task, setting)
    given = run_search.Given(preset, config, values, baseline, budget)
    if init is not None:
        run_search.initialise(init, given)
    else:
        run_search.search(given, out, boards=tensorboard, extend=extend, as_json=as_json, times=times)
