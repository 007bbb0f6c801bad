"""A comparison as rows of words, and as a picture on disk."""

import io
from pathlib import Path

from hyperprune import files
from hyperprune.errors import ConfigurationError
from hyperprune.reports import figures
from hyperprune.reports.rows import duration
from hyperprune.search import SearchComparison
from hyperprune.search.comparing.records import ComparedRun, ConfidenceInterval

FORMATS = (".png", ".svg", ".pdf")
EARLY_HEADINGS = ("epoch", "metric", "n", "Spearman", "Kendall")


def run_headings(compared: SearchComparison) -> tuple[str, ...]:
    """Of the table of runs."""
    name = compared.score.heading
    return (
        "run",
        "plan",
        "metric",
        "sampler",
        "tried",
        "epochs",
        "time",
        f"valid\n{name}",
        f"test\n{name}",
        "regret",
        f"by {compared.equal_epochs}\nepochs",
    )


def run_rows(compared: SearchComparison) -> list[tuple[str, ...]]:
    """A row a search or training, in the order they were given."""
    return [_row(compared, run) for run in compared.runs]


def early_rows(compared: SearchComparison) -> list[tuple[str, ...]]:
    """A row an epoch and early metric."""
    return [
        (str(row.epoch), row.metric, str(row.candidates), _interval(row.spearman), _interval(row.kendall))
        for row in compared.early
    ]


def sentences(compared: SearchComparison) -> list[str]:
    """What the tables mean, in a few lines."""
    score = compared.score
    known = {"Dense network": compared.dense_valid_score, "Best known candidate": compared.best_known}
    lines = [
        " ".join(f"{name}: {score.text(value)}." for name, value in known.items() if value is not None),
        *(f"{run.name}: {run.network}." for run in compared.runs if run.network is not None),
        "Tried: suggestions, in brackets those that differ. Epochs are those of the candidates, and of "
        "the dense network if the metric uses it; time is that of training, summed over workers. "
        "Regret: how much worse the selected one is than the best known. Last column: the best network "
        "by then.",
    ]
    if not compared.early and any(run.kind == "search" for run in compared.runs):
        lines.append(
            "Too few final scores are known to say how well early metrics rank them: add a search with "
            "--baseline exhaustive."
        )
    return [line for line in lines if line]


def draw(compared: SearchComparison, path: Path) -> None:
    """Write the figure to a new file.

    Raises:
        ConfigurationError: of a kind that cannot be drawn, or there is such a file already.
    """
    check_new(path)
    with figures.applied():
        page = figures.literally(figures.comparison(compared))
    buffer = io.BytesIO()
    page.savefig(buffer, format=path.suffix[1:], dpi=140)
    files.write_new(path, buffer.getvalue())


def check_new(path: Path) -> None:
    """Refuse a file name before anything is computed.

    Raises:
        ConfigurationError: of a kind that cannot be drawn, or there is such a file already.
    """
    if path.suffix not in FORMATS:
        raise ConfigurationError(
            f"a plot is a {', '.join(FORMATS)} file, got {path.name!r}: give a name that ends so"
        )
    if path.exists():
        raise ConfigurationError(f"{path} exists already and is left as it is: give another name")


def _row(compared: SearchComparison, run: ComparedRun) -> tuple[str, ...]:
    text = compared.score.text
    valid = "none" if run.valid_score is None else text(run.valid_score)
    if run.spread is not None:
        valid += f" ± {text(run.spread)}"
    candidates = (
        str(run.candidates) if run.candidates == run.distinct else f"{run.candidates} ({run.distinct})"
    )
    return (
        run.name,
        run.plan,
        "" if run.kind == "train" else run.metric,
        "" if run.kind == "train" else run.sampler,
        candidates,
        str(run.epochs),
        "" if run.seconds is None else duration(run.seconds),
        valid,
        "none" if run.test_score is None else text(run.test_score),
        "none" if run.regret is None else f"{run.regret:.3g}",
        "none" if run.at_equal_cost is None else text(run.at_equal_cost),
    )


def _interval(found: ConfidenceInterval) -> str:
    if found.value is None:
        return "none"
    ends = "" if found.low is None or found.high is None else f" [{found.low:+.2f}, {found.high:+.2f}]"
    return f"{found.value:+.2f}{ends}"
