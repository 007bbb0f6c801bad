"""Every named method on one text at two densities: a table of perplexities.

    python benchmarks/methods.py --corpus ../shared/data/ptb --out runs/methods

Trains each network with the sizes and the corpus of examples/ptb-200.toml, in pieces that resume: give the
command again after an interruption. ``--density`` takes one density alone, so that two processes share it.
A method uses the optimiser that it was published with; where that brings momentum, the learning rate is
divided by 10, which keeps the length of a step.
"""

import argparse
import math
from pathlib import Path

from hyperprune.search import SearchConfig, configure
from hyperprune.sparsity import METHODS, PruningVariant
from hyperprune.tasks import PERPLEXITY, Recipe
from hyperprune.training import History, TrainingJob, run_job
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.stored.checkpoint import path as checkpoint_path

EXAMPLE = Path(__file__).parents[1] / "examples" / "ptb-200.toml"


def recipe_of(method: str, recipe: Recipe) -> Recipe:
    """The recipe with the method's own optimiser."""
    return recipe.model_copy(update=METHODS[method].completed(recipe.model_dump(), given=()))


def train(
    config: SearchConfig, folder: Path, label: str, recipe: Recipe, variant: PruningVariant | None
) -> tuple[History, float]:
    """The network's history, and its test perplexity at the best validation epoch."""
    history = run_job(
        TrainingJob(
            label=label,
            folder=folder,
            task=config.described,
            recipe=recipe,
            variant=variant,
            seed=config.seed,
            until=recipe.epochs,
        )
    )
    if history.failure is not None:
        return history, math.nan
    best = checkpoint_path(folder, history.best.epoch)
    job = EvaluationJob(checkpoint=best, task=config.described, recipe=recipe, part="test")
    return history, PERPLEXITY.shown(evaluate_checkpoint(job))


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--density", type=float, action="append")
    parser.add_argument("--epochs", type=int, default=8, help="the rate halves in the last half of them")
    parser.add_argument("--skip-dense", action="store_true", help="another process trains the dense network")
    arguments = parser.parse_args()
    values = {
        "corpus.source": arguments.corpus,
        "recipe.epochs": arguments.epochs,
        "recipe.milestones": list(range(arguments.epochs // 2 + 1, arguments.epochs + 1)),
        "search.candidates": 2,
    }
    config = configure(None, EXAMPLE, values)
    print("| method | density | optimiser | best epoch | valid ppl | test ppl |")
    print("| --- | --- | --- | --- | --- | --- |")
    works: list[tuple[str, Recipe, PruningVariant | None]] = []
    if not arguments.skip_dense:
        works.append(("dense", config.recipe, None))
    for density in arguments.density or (0.33, 0.10):
        works += [(m, recipe_of(m, config.recipe), METHODS[m].at(density)) for m in METHODS]
    for name, recipe, variant in works:
        density = variant.density if variant else 1.0
        folder = arguments.out / f"{name}-{density:.2f}"
        history, test = train(config, folder, folder.name, recipe, variant)
        if history.failure is not None:
            print(f"| {name} | {density:.2f} | {recipe.optimizer} | failed: {history.failure.reason} | | |")
            continue
        best = history.best
        optimizer = recipe.optimizer + (f", momentum {recipe.momentum:g}" if recipe.momentum else "")
        row = (name, f"{density:.2f}", optimizer, f"{best.epoch} of {recipe.epochs}")
        print(f"| {' | '.join(row)} | {PERPLEXITY.shown(best.valid_loss):.2f} | {test:.2f} |", flush=True)


if __name__ == "__main__":
    main()
