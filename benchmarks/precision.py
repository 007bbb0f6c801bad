"""What bfloat16 training steps do to perplexity and to spectra, beside what another seed does.

    python benchmarks/precision.py [--seeds 3] [--preset ptb-lstm-small] [--epochs N]

The dense network of a preset is trained in float32 and in bfloat16 from the same seeds. Spectra are those of
the float32 weights at the last epoch; their LS distance (l2) between the two precisions stands beside that
between two seeds of float32, which is what a search cannot tell apart.
"""

import argparse
import itertools
import statistics
import tempfile
from pathlib import Path
from typing import Any

from hyperprune import lyapunov
from hyperprune.search import configure
from hyperprune.training import JobFolder, TrainingJob
from hyperprune.training import run_job as train


def trained(folder: Path, preset: str, values: dict[str, Any]) -> tuple[float, lyapunov.Spectrum]:
    """Validation loss and spectrum of the dense network after its last epoch."""
    config = configure(preset, None, values).bound()
    job = TrainingJob(
        label="dense",
        folder=folder,
        task=config.described,
        recipe=config.recipe,
        spectrum=config.spectrum,
        seed=config.seed,
        until=config.recipe.epochs,
    )
    history = train(job)
    return history.last.valid_loss, JobFolder(folder).spectrum(config.recipe.epochs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="ptb-lstm-small")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    print("| seed | float32 nats | bfloat16 nats | difference | LS distance between the two |")
    print("| --- | --- | --- | --- | --- |")
    spectra, differences = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seeds):
            found = []
            for precision in ("float32", "bfloat16"):
                values = {"seed": seed, "recipe.precision": precision, "recipe.epochs": options.epochs}
                found.append(trained(Path(folder) / f"{seed}-{precision}", options.preset, values))
            (exact, spectrum), (narrow, other) = found
            spectra.append(spectrum)
            differences.append(narrow - exact)
            distance = lyapunov.distance(spectrum, other)
            print(
                f"| {seed} | {exact:.4f} | {narrow:.4f} | {narrow - exact:+.4f} | {distance:.3f} |",
                flush=True,
            )
    between = [lyapunov.distance(a, b) for a, b in itertools.combinations(spectra, 2)]
    if between:
        print(
            f"\nmean difference {statistics.fmean(differences):+.4f} nats; LS distance between two seeds of"
        )
        print(f"float32: {min(between):.3f} to {max(between):.3f}")


if __name__ == "__main__":
    main()
