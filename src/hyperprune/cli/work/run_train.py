"""What ``hyperprune train`` does."""

from pathlib import Path
from typing import Any

from hyperprune import files
from hyperprune.cli.keys import option_of
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.progress import TrainProgress
from hyperprune.cli.terminal.screen import Screen
from hyperprune.cli.work.run_search import default_preset
from hyperprune.errors import ConfigurationError
from hyperprune.search import configure_training
from hyperprune.search.resuming.resumption import holds_run, resumed_training
from hyperprune.training import TrainConfig, TrainResult
from hyperprune.training import train as run_training


def train(
    preset: str | None,
    file: Path | None,
    values: dict[str, Any],
    out: Path,
    *,
    dense: bool,
    as_json: bool,
) -> None:
    """Train or resume, then show what came out."""
    if dense:
        _nothing_pruned(values)
    given = values | {"dense": dense or None}
    path = files.place(out)
    if preset is None and file is None and holds_run(path):
        config = resumed_training(path, {name: value for name, value in given.items() if value is not None})
    else:
        config = configure_training(preset or default_preset(file, values), file, given)
    screen = Screen(stderr=as_json)
    with TrainProgress(config, screen) as progress:
        result = run_training(config, out, progress)
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    for line in _sentences(config, result, out):
        screen.say(line)


def _nothing_pruned(values: dict[str, Any]) -> None:
    pruning = [option_of(name) for name in values if name.startswith("variant.") or name == "sparsity"]
    if pruning:
        raise ConfigurationError(
            f"--dense prunes nothing, got --{pruning[0].replace('_', '-')} too: give one or the other"
        )


def _sentences(config: TrainConfig, result: TrainResult, out: Path) -> list[str]:
    score = result.score
    return [
        f"valid {score.name} {score.text(result.valid_score)}, test {score.name} "
        f"{score.text(result.test_score)} (best of {result.epochs} epochs: {result.best_epoch})",
        f"{result.live:,} live weights, density {result.density:.3f}" + (", dense" if config.dense else ""),
        *_verdict(result),
        f"network: {out / result.weights}",
    ]


def _verdict(result: TrainResult) -> list[str]:
    """What became of the reference, where one was given; else whether nothing was learned."""
    if result.reference is None and result.learned:
        return []
    from hyperprune.reports import training_sentence  # brings matplotlib, which other trainings do not need

    said = training_sentence(result)
    return [] if said is None else [said]
