"""The verdict of a search in one line: as good as the dense network or not, and how sure that is."""

from hyperprune.search import SearchResult
from hyperprune.tasks import Score
from hyperprune.training import TrainResult
from hyperprune.training.verdict.verdict import Verdict

_SEEDS = "This covers the data and not the seeds."
_HELP = (
    "What may help: a dense network with a better dropout and rate, a lower --sparsity, more --epochs or "
    "--candidates, candidates that start from the dense network."
)
_HELP_TRAINING = "What may help: a lower --sparsity, more --epochs, another --learning-rate or method."


def verdict_sentence(result: SearchResult) -> str | None:
    """The verdict; None for results of versions that gave none."""
    if result.selected is None:
        return "Verdict: no candidate is selected, because every finalist failed."
    return None if result.verdict is None else verdict_words(result.verdict, result.score)


def verdict_words(verdict: Verdict, score: Score) -> str:
    """A verdict on the test part of a search in one line."""
    return _sentence(verdict, score, _HELP)


def training_sentence(result: TrainResult) -> str | None:
    """The verdict on a trained network beside the given one that it started from; without one, only that it
    has not learned, and None if it has.
    """
    if result.reference is not None:
        return _sentence(result.reference.verdict, result.score, _HELP_TRAINING)
    if result.learned or result.naive is None:
        return None
    reached = result.score.text(result.naive.valid_score)
    return (
        f"Not learned: no better than {reached}, {result.naive.name}. Try another learning rate, more epochs "
        "or more data."
    )


def _sentence(verdict: Verdict, score: Score, remedy: str) -> str:
    if verdict.against_dense == "not learned":
        return (
            f"Verdict: not learned. {_capital(verdict.reason or '')}. Nothing here is worth using: lower the "
            "learning rate, or give more epochs or data."
        )
    words = {
        "better": "better than the dense network",
        "level": "level with the dense network",
        "worse": "worse than the dense network"
        if _certain(verdict)
        else "not shown to be level with the dense network",
    }
    lines = [f"Verdict: {words[verdict.against_dense]}.", *_numbers(verdict, score), _SEEDS]
    return " ".join(lines + [remedy] * (verdict.against_dense == "worse"))


def verdict_word(result: SearchResult) -> str:
    """What the selected network is called in tables."""
    return "selected" if result.verdict is None or is_learned(result.verdict) else "not learned"


def is_learned(verdict: Verdict) -> bool:
    """Whether the network has learned anything."""
    return verdict.against_dense != "not learned"


def went_wrong(result: SearchResult) -> bool:
    """Whether training failed altogether: every finalist, or a network that ended no better than it began.

    A network that is on its way, and not yet better than frequencies alone, is no success either, but has
    only had too little training.
    """
    return result.selected is None or (result.verdict is not None and result.verdict.diverged)


def is_success(result: SearchResult) -> bool:
    """Whether the search found a network that has learned."""
    return result.selected is not None and verdict_word(result) == "selected"


def _certain(verdict: Verdict) -> bool:
    """Whether the pruned network is worse, and not only perhaps."""
    return verdict.high is None or verdict.high < 0


def _numbers(verdict: Verdict, score: Score) -> list[str]:
    if verdict.difference is None:
        return []
    found = f"Test {score.name} {_way(verdict.difference, score)}"
    level = f"{100 * verdict.tolerance:g} % of the dense score counts as level"
    if verdict.low is None or verdict.high is None:
        return [f"{found}; {level}. No interval, because the task has no evaluate_each."]
    drawn = "one by one" if verdict.block == 1 else f"in blocks of {verdict.block}"
    return [
        f"{found}, {100 * verdict.level:g} % interval {_way(verdict.low, score)} to "
        f"{_way(verdict.high, score)} ({verdict.items:,} {verdict.item}, drawn {drawn}; {level})."
    ]


def _way(difference: float, score: Score) -> str:
    """A difference in words, rounded as scores are."""
    text = score.text(abs(difference))
    if float(text) == 0:
        return "equal"
    return f"{text} {'better' if difference > 0 else 'worse'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
