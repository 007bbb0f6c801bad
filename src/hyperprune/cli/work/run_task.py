"""What ``hyperprune data stats --task`` does: a task tried once, before a search relies on it."""

from contextlib import suppress
from typing import Any

from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.screen import Screen, plain_table
from hyperprune.errors import ConfigurationError, HyperpruneError
from hyperprune.search import configure_training, validated
from hyperprune.seeding import seed_globally
from hyperprune.tasks import SpectrumConfig
from hyperprune.tasks.finding.faults import faults
from hyperprune.tasks.own import OwnTask, make_task
from hyperprune.training.state import seed_for_training


def describe(values: dict[str, Any], *, as_json: bool) -> None:
    """Open a task, build its network, run every method but training, and say what was seen.

    Raises:
        ConfigurationError: methods that give what training or spectra cannot use, all of them.
    """
    _refuse_faults(values)
    config = configure_training(values=values).bound()
    seed_globally(seed_for_training(config.seed))
    opened = config.described.open(config.recipe, config.seed, config.runtime.device)
    network = opened.network().eval()
    sampling = config.spectrum
    driven = opened.driven(network, sampling.batch, sampling.warmup + sampling.steps)
    score, without = opened.score, config.described.naive()
    steps, sequences = driven.inputs.shape[:2]
    found: dict[str, Any] = {
        "task": opened.name,
        "network": type(network).__name__,
        "weights": sum(parameter.numel() for parameter in network.parameters()),
        "batches": opened.steps_per_epoch,
        "score": score.name,
        "better": score.better,
        "untrained": score.shown(opened.evaluate(network, "valid")),
        "recurrent": type(driven.system).__name__,
        "sequences": sequences,
        "steps": steps,
        "naive": None if without is None else {"name": without[0], "valid": without[1]},
    }
    if as_json:
        print_json(found)
        return
    table = plain_table(f"{found['task']}: {score.name}, {score.better} is better")
    table.add_column("what")
    table.add_column("seen")
    for name, seen in (
        ("network", f"{found['network']}, {found['weights']:,} weights"),
        ("training batches an epoch", f"{found['batches']:,}"),
        (f"valid {score.name}, untrained", score.text(found["untrained"])),
        (f"valid {score.name}, {without[0]}" if without else "", score.text(without[1]) if without else ""),
        ("spectrum", f"of {found['recurrent']}: {sequences} sequences of {steps} steps"),
    ):
        if name:
            table.add_row(name, seen)
    Screen().print(table)


def _refuse_faults(values: dict[str, Any]) -> None:
    """All faults of a task in one message.

    Raises:
        ConfigurationError: there are some.
    """
    room = "task.settings."
    settings = {name.removeprefix(room): value for name, value in values.items() if name.startswith(room)}
    named = validated(OwnTask, {"object": values["task.object"], "settings": settings})
    task = make_task(named)
    sampling = SpectrumConfig()
    with suppress(HyperpruneError):  # its own defaults, unless what it calls its number is a fault already
        sampling = configure_training(values=values).spectrum
    found = faults(task, named.object, sampling)
    if len(found) == 1:
        raise ConfigurationError(found[0])
    if found:
        numbered = "; ".join(f"({number}) {fault}" for number, fault in enumerate(found, start=1))
        raise ConfigurationError(f"{named.object} has {len(found)} faults: {numbered}")
