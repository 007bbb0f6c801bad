"""The table of all candidates: columns and cells, each cell with the value it is sorted by."""

from collections.abc import Callable
from dataclasses import dataclass

from hyperprune.reports.dead import dead_at
from hyperprune.reports.findings import Findings, NetworkRecord, after
from hyperprune.reports.ranks import first_ranks
from hyperprune.tasks import Score

_CHOICES = (
    "method",
    "sparse_init",
    "death",
    "growth",
    "redistribution",
    "death_rate",
    "decay",
    "update_interval",
)
# shown where candidates differ in them
_BESIDE = (
    "density_schedule",
    "criterion",
    "density",
    "learning_rate",
    "dropout",
    "distillation",
    "temperature",
    "pattern",
    "keep_diagonal",
    "gate_densities",
)
_NUMBERS = ("death_rate", "density", "learning_rate", "dropout", "distillation", "temperature")
_HEADINGS = {"sparse_init": "first masks"}  # as the words of a choice have it
# Shown although all candidates agree in them.
_ALWAYS = ("sparse_init", "death", "redistribution", "death_rate")


_USUAL = {
    "pattern": "1x1",
    "keep_diagonal": False,
    "density_schedule": "constant",
}  # of a variant that does not write it


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: what is shown.
        key: what it is sorted by; empty sorts last in both directions.
    """

    text: str
    key: float | str


@dataclass(frozen=True)
class CandidateTable:
    """All candidates.

    Attributes:
        columns: headings, and whether each is a number.
        rows: the network of each row and its cells.
        standings: those that occur, to filter by.
    """

    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[NetworkRecord, tuple[Cell, ...]], ...]
    standings: tuple[str, ...]


def candidate_table(findings: Findings) -> CandidateTable:
    """A row for each candidate in order of its number."""
    score = findings.score
    ls, loss = _early_ranks(findings)
    choices = [name for name in (*_CHOICES, *_BESIDE) if name in _ALWAYS or _differ(findings, name)]
    metric = findings.config.search.metric
    # LS distance and loss have their columns; several seeds have a spread to show beside
    of_its_own = metric not in ("ls", "loss") or any(c.spread is not None for c in findings.candidates)
    columns: list[tuple[str, bool, Callable[[NetworkRecord], Cell]]] = [
        ("no.", True, lambda c: Cell(c.name, int(c.name))),
        ("standing", False, _standing),
        *([("family", False, _family)] if len(findings.families) > 1 else []),
        *((_HEADINGS.get(name, name.replace("_", " ")), name in _NUMBERS, _choice(name)) for name in choices),
        ("epochs", True, lambda c: Cell(str(c.epochs), c.epochs)),
        *([(f"early {metric}", True, _early)] if of_its_own else []),
        ("first LS distance", True, lambda c: _number(c.distance_at(c.first_epoch), 3)),
        *(
            [("dead directions", True, lambda c: _number(dead_at(findings, c.name, c.first_epoch), 0))]
            * bool(findings.dead)
        ),
        ("rank by LS", True, lambda c: _number(ls.get(c.name), 0)),
        ("rank by loss", True, lambda c: _number(loss.get(c.name), 0)),
        (f"first valid {score.heading}", True, lambda c: _score(score, c.score_at(c.first_epoch))),
        (f"best valid {score.heading}", True, lambda c: _score(score, _best(score, c))),
        (f"test {score.heading}", True, lambda c: _score(score, c.final.test_score if c.final else None)),
    ]
    if any(c.standing == "failed" for c in findings.candidates):
        columns.append(("failure", False, _failure))
    return CandidateTable(
        tuple((heading, number) for heading, number, _ in columns),
        tuple((c, tuple(cell(c) for *_, cell in columns)) for c in findings.candidates),
        tuple(sorted({c.standing for c in findings.candidates})),
    )


def first_words(findings: Findings) -> str:
    """After how many epochs the candidates were ranked first."""
    said = {words: candidates[0].first_epoch for words, candidates in findings.families.items()}
    parts = [f"{after(epoch)} {words}".strip() for words, epoch in said.items()]
    return ", ".join(parts)


def _early_ranks(findings: Findings) -> tuple[dict[str, float], dict[str, float]]:
    """Rank by LS distance and by loss at the first ranking of its family, by name."""
    ls: dict[str, float] = {}
    loss: dict[str, float] = {}
    for order in first_ranks(findings):
        ls |= dict(zip(order.names, order.ls, strict=True))
        loss |= dict(zip(order.names, order.loss, strict=True))
    return ls, loss


def _differ(findings: Findings, name: str) -> bool:
    """Whether candidates of a family differ in a choice; static ones have no choice of rules."""
    counted = ("method", *_BESIDE)
    families = {c.family for c in findings.candidates}
    for family in families:
        chosen = [c.variant for c in findings.candidates if c.variant and c.family == family]
        if len({str(v.get(name)) for v in chosen if name in counted or v["death_rate"]}) > 1:
            return True
    return False


def _standing(candidate: NetworkRecord) -> Cell:
    duplicate = candidate.standing == "duplicate"
    return Cell(candidate.note if duplicate else candidate.standing, candidate.standing)


def _family(candidate: NetworkRecord) -> Cell:
    name = candidate.family or ""
    return Cell(name, name)


def _early(candidate: NetworkRecord) -> Cell:
    """What ranked it first, with its spread over the seeds."""
    if candidate.metric is None:
        return Cell("", "")
    spread = "" if candidate.spread is None else f" ± {candidate.spread:.3g}"
    return Cell(f"{candidate.metric:.4g}{spread}", candidate.metric)


def _failure(candidate: NetworkRecord) -> Cell:
    reason = candidate.note if candidate.standing == "failed" else ""
    return Cell(reason, reason)


def _choice(name: str) -> Callable[[NetworkRecord], Cell]:
    def cell(candidate: NetworkRecord) -> Cell:
        variant = candidate.variant
        if variant is None or (
            variant["death_rate"] == 0 and name not in ("method", "sparse_init", "death_rate", *_BESIDE)
        ):
            return Cell("", "")
        value = variant.get(name, _USUAL.get(name, ""))
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        return Cell(text, value if isinstance(value, float) else str(value))

    return cell


def _best(score: Score, candidate: NetworkRecord) -> float | None:
    return min(candidate.valid_score, key=score.signed, default=None)


def _score(score: Score, value: float | None) -> Cell:
    return Cell("", "") if value is None else Cell(score.text(value), value)


def _number(value: float | None, digits: int) -> Cell:
    if value is None:
        return Cell("", "")
    text = f"{value:.{digits}f}" if digits or value == int(value) else f"{value:.1f}"
    return Cell(text, value)
