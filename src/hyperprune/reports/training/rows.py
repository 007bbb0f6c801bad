"""The numbers of a training in words."""

from hyperprune.reports.training.findings import TrainingFindings
from hyperprune.tasks import Score

EPOCH_HEADINGS = ("epoch", "train loss", "live weights", "density")


def network_headings(score: Score) -> tuple[str, ...]:
    """Of :func:`network_rows`."""
    return ("network", f"valid {score.heading}", f"test {score.heading}", "live weights", "density")


def network_rows(findings: TrainingFindings) -> list[tuple[str, ...]]:
    """The reference as it was given, if one was, and the network that was trained."""
    result, text = findings.result, findings.score.text
    if result is None:
        return []
    rows: list[tuple[str, ...]] = []
    given = result.reference
    if given is not None:
        scores = (text(given.valid_score), text(given.test_score))
        rows.append(("reference", *scores, f"{given.live:,}", f"{1:.3f}"))
    scores = (text(result.valid_score), text(result.test_score))
    rows.append(("trained", *scores, f"{result.live:,}", f"{result.density:.3f}"))
    return rows


def epoch_rows(findings: TrainingFindings) -> list[tuple[str, ...]]:
    """A row an epoch; the last column is the validation score."""
    return [
        (
            f"{record.epoch}",
            f"{record.train_loss:.4g}",
            f"{record.live:,}",
            f"{record.density:.3f}",
            findings.score.text(shown) + (" (average)" if record.averaging else ""),
        )
        for record, shown in zip(findings.epochs, findings.scores, strict=True)
    ]
