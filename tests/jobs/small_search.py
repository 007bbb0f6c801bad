"""A search that takes seconds, and what must be the same about two runs of it."""

from pathlib import Path
from typing import Any

from hyperprune.search import RunFolder, SearchConfig, configure
from hyperprune.training import JobFolder

SMALL: dict[str, Any] = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 4,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 6,
    "spectrum.warmup": 2,
    "search.candidates": 9,
    "search.startup": 3,
    "search.batch": 3,
}


def small(**changes: Any) -> SearchConfig:
    """Its configuration, with other values by name, ``__`` for the dot."""
    values = {name.replace("__", "."): value for name, value in changes.items()}
    return configure("python-docs", None, {**SMALL, **values})


FAMILIES: dict[str, Any] = {
    "families": ("scratch", "dense"),
    "search.candidates": 3,
    "space.weight_scale": ("fan_in",),
    "space.distillation": (0.0, 0.5),
    "dense_start.epochs": 3,
    "dense_start.space.density_schedule": ("constant", "gradual"),
    "dense_start.search.candidates": 6,
    "dense_start.search.startup": 3,
    "dense_start.search.batch": 3,
    "dense_start.search.screen": 3,
    "dense_start.search.metric": "rank",  # the metric that compares candidates, so the hardest to resume
}


def families(**changes: Any) -> SearchConfig:
    """The small search with both families: distillation, screening, and masks from the dense network."""
    return configure("python-docs", None, {**SMALL, **FAMILIES, **changes})


def command(folder: Path, *options: str) -> list[str]:
    """The arguments of the command line that run it in a folder, whose parent takes its file."""
    config = folder.with_suffix(".toml")
    tables: dict[str, list[str]] = {}
    for name, value in SMALL.items():
        table, key = name.split(".")
        tables.setdefault(table, []).append(f"{key} = {value}")
    config.write_text("\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in tables.items()))
    return ["search", "--preset", "python-docs", "--config", str(config), "--out", str(folder), *options]


def bits(folder: Path) -> dict[str, bytes]:
    """The result, the configuration, all weights and spectra."""
    kept = [folder / "result.json", folder / "config.toml", *sorted(folder.rglob("*.safetensors"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def finished(folder: Path) -> dict[str, int]:
    """When each epoch was trained (its spectrum written) that is safe in a whole checkpoint."""
    run = RunFolder(folder)
    jobs = [run.dense, *(JobFolder(path) for path in (folder / "candidates").glob("*"))]
    return {
        str(job.spectrum_path(record.epoch)): job.spectrum_path(record.epoch).stat().st_mtime_ns
        for job in jobs
        if job.path.exists()
        for record in job.history().epochs
    }


def not_trained_again(before: dict[str, int], folder: Path) -> bool:
    """Whether every epoch of ``before`` is still the one that was trained then."""
    after = finished(folder)
    return before == {name: after.get(name) for name in before}
