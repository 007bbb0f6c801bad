"""The numbers of a result in words: the rows that the terminal and the page share."""

from collections.abc import Sequence
from statistics import fmean, stdev

from hyperprune.reports.verdict import verdict_word
from hyperprune.search import FinalNetwork, SearchResult, Timings
from hyperprune.search.results.control_result import CONTROL_NAMES, CONTROLS, ControlResult
from hyperprune.search.space.words import choice_words
from hyperprune.tasks import Score


def headings(score: Score) -> tuple[str, ...]:
    """Of :func:`network_rows`."""
    scores = (f"valid {score.heading}", f"test {score.heading}")
    return ("network", *scores, "live weights", "density", "epochs (best)", "wall time")


def network_rows(result: SearchResult, timings: Timings | None) -> list[tuple[str, ...]]:
    """Dense, selected, runners-up and yardsticks, one row each, in the order of :func:`headings`."""
    dense, score = result.dense, result.score
    rows = [
        _row("dense", dense.final, len(dense.curve.train_loss), timings.dense if timings else None, score)
    ]
    for candidate in result.finalists:
        name = verdict_word(result) if candidate.standing == "selected" else "runner-up"
        seconds = timings.candidates.get(candidate.number) if timings else None
        epochs = len(candidate.curve.train_loss)
        row = _row(f"{name} {candidate.number}", candidate.final, epochs, seconds, score)
        rows.append((row[0], *_over_seeds(candidate.finals, score), *row[3:]) if candidate.seeds else row)
    return rows + [_control_row(control, timings, score) for control in result.controls if control.final]


def trained(result: SearchResult) -> list[tuple[str, FinalNetwork]]:
    """The networks of :func:`network_rows` by what they are called there."""
    finals = [result.dense.final, *(c.final for c in result.finalists)]
    finals += [control.final for control in result.controls if control.final]
    names = (row[0] for row in network_rows(result, None))
    return [(name, final) for name, final in zip(names, finals, strict=True) if final is not None]


def _control_row(control: ControlResult, timings: Timings | None, score: Score) -> tuple[str, ...]:
    epochs = len(control.curve.train_loss)
    seconds = timings.controls.get(control.name) if timings else None
    row = _row(control.name, control.final, epochs, seconds, score)
    name = CONTROL_NAMES[control.name]
    return (name, *row[1:]) if epochs else (name, *row[1:5], "0", "")


def variant_sentences(result: SearchResult) -> list[str]:
    """The pruning choices of the candidates that trained to the end, a line each."""
    lines = [f"Candidate {c.number}: {choice_words(c.choices)}." for c in result.finalists]
    if any(candidate.seeds for candidate in result.finalists):
        lines.append(
            "Scores of candidates are means and standard deviations over their seeds; the network that is "
            "kept is that of the best seed."
        )
    return lines


def cost_sentences(result: SearchResult, timings: Timings | None) -> list[str]:
    """What the search cost, against training every candidate to the end."""
    cost = result.cost
    distinct = sum(candidate.duplicate_of is None for candidate in result.candidates)
    lines = [
        f"The search trained {cost.search} epochs, {_dense_words(result)}; training "
        f"all {distinct} distinct candidates to the end would have taken {cost.exhaustive} "
        f"({_as_many(cost.exhaustive / max(cost.search, 1))})."
    ]
    if result.controls:
        spent = f" in {duration(sum(timings.controls.values()))}" if timings else ""
        lines.append(f"The yardsticks took {cost.controls} epochs more{spent}: {_controls_words(result)}.")
    if timings is not None:
        dense = "" if result.dense.reference else f" and {duration(timings.dense)} for the dense reference"
        lines.append(f"Training took {duration(timings.search)} for the candidates{dense}.")
    return lines


def _controls_words(result: SearchResult) -> str:
    """What each yardstick is."""
    return "; ".join(
        f"{CONTROL_NAMES[control.name]} is {CONTROLS[control.name]}"
        + (f" (failed: {control.failure})" if control.failure else "")
        for control in result.controls
    )


def _as_many(ratio: float) -> str:
    """How many times as many, in words where it is once."""
    times = f"{ratio:.1f}"
    return "about as many" if times == "1.0" else f"{times} times as many"


def _dense_words(result: SearchResult) -> str:
    given = result.dense.reference
    if given is None:
        return f"{result.cost.with_dense} with the dense reference"
    return "the dense reference was given" + (", and every candidate began with its weights" * given.start)


def naive_sentence(result: SearchResult) -> str | None:
    """What is reached without a network, where the task says."""
    if result.naive is None:
        return None
    score = result.score.text(result.naive.valid_score)
    return f"Without a network: validation {result.score.name} {score} ({result.naive.name})."


def _over_seeds(finals: Sequence[FinalNetwork], score: Score) -> tuple[str, str]:
    """Validation and test score as mean and standard deviation."""
    valid, test = [f.valid_score for f in finals], [f.test_score for f in finals]
    first, second = (f"{score.text(fmean(v))} ± {score.text(stdev(v))}" for v in (valid, test))
    return first, second


def duration(seconds: float) -> str:
    """Seconds as people write them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _row(
    name: str, final: FinalNetwork | None, epochs: int, seconds: float | None, score: Score
) -> tuple[str, ...]:
    if final is None:
        raise ValueError(f"{name} was not trained to the end")
    return (
        name,
        score.text(final.valid_score),
        score.text(final.test_score),
        f"{final.live:,}",
        f"{final.density:.3f}",
        f"{epochs} ({final.best_epoch})" if epochs else "given",
        duration(seconds) if seconds is not None and epochs else "",
    )
