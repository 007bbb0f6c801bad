"""What ``hyperprune data stats --task`` does: a task tried once, before a search relies on it."""

from typing import Any

from hyperprune.cli.output import print_json
from hyperprune.cli.screen import Screen, plain_table
from hyperprune.search import configure_training
from hyperprune.seeding import seed_globally
from hyperprune.training.state import seed_for_training


def describe(values: dict[str, Any], *, as_json: bool) -> None:
    """Open a task, build its network, run every method but training, and say what was seen.

    Raises:
        ConfigurationError: a method gives what training or spectra cannot use.
    """
    config = configure_training(values=values).bound()
    seed_globally(seed_for_training(config.seed))
    opened = config.described.open(config.recipe, config.seed, config.runtime.device)
    network = opened.network().eval()
    sampling = config.spectrum
    driven = opened.driven(network, sampling.batch, sampling.warmup + sampling.steps)
    score, without = opened.score, config.described.baseline()
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
        "baseline": None if without is None else {"name": without[0], "valid": without[1]},
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
