"""The verdict: one word on the selected network, and no success where nothing was learned."""

import json
import math
from pathlib import Path

import pytest
import tiny_tasks
import torch
from small_search import small

from hyperprune.errors import ConfigurationError
from hyperprune.reports import network_rows, verdict_sentence, went_wrong, write
from hyperprune.search import RunFolder, SearchResult, for_task, run
from hyperprune.search.results.result import SCHEMA
from hyperprune.tasks import PERPLEXITY, Items, Score
from hyperprune.tasks.items import as_items
from hyperprune.tasks.task import Part
from hyperprune.training.itemised import Itemised, ItemLosses
from hyperprune.training.verdict.judge import Learned, judged, not_learned

RATE = Score(name="error rate", decimals=4)


def network(losses: list[float], *, root: bool = False, ordered: bool = False) -> Itemised:
    """A network with these losses on as many items of one."""
    mean = sum(losses) / len(losses)
    items = ItemLosses(
        losses=tuple(losses), counts=(1.0,) * len(losses), name="images", ordered=ordered, root=root
    )
    return Itemised(loss=math.sqrt(mean) if root else mean, items=items)


WRONG = [1.0] * 20 + [0.0] * 180


@pytest.mark.parametrize(
    ("pruned", "tolerance", "word"),
    [
        (WRONG, 0.0, "level"),
        ([0.0] * 20 + WRONG[20:], 0.01, "better"),
        ([1.0] * 60 + WRONG[60:], 0.01, "worse"),
        ([1.0] * 22 + WRONG[22:], 0.01, "worse"),  # two images more: their interval is not all within 1 %
        ([1.0] * 22 + WRONG[22:], 0.30, "level"),
    ],
)
def test_the_word_follows_the_worse_end(pruned: list[float], tolerance: float, word: str) -> None:
    verdict = judged(RATE, network(WRONG), network(pruned), tolerance, seed=0)
    assert verdict.against_dense == word
    assert verdict.low is not None
    assert verdict.high is not None
    assert verdict.difference is not None
    assert verdict.low <= verdict.difference <= verdict.high
    assert verdict.difference == pytest.approx((sum(WRONG) - sum(pruned)) / 200)


def test_positive_is_better_in_every_kind_of_score() -> None:
    """An accuracy, an RMSE, a perplexity; the second network is the better one in each."""
    accuracy = Score(name="accuracy", better="higher")
    dense, pruned = ([0.0] * 100 + [1.0] * 100, [0.0] * 40 + [1.0] * 160)
    right = judged(accuracy, _turned(network(dense)), _turned(network(pruned)), 0.01, seed=0)
    assert right.against_dense == "better"
    assert right.difference == pytest.approx(0.3)
    rmse = judged(RATE, network([4.0] * 50, root=True), network([1.0] * 50, root=True), 0.01, seed=0)
    assert (rmse.difference, rmse.low, rmse.high) == (1, 1, 1)
    losses = judged(PERPLEXITY, network([2.0] * 50), network([1.0] * 50), 0.01, seed=0)
    assert losses.low == pytest.approx(math.e**2 - math.e)


def _turned(given: Itemised) -> Itemised:
    """Inside, smaller is better; the items keep the task's own number."""
    return given.model_copy(update={"loss": -given.loss})


def test_without_items_there_is_no_interval() -> None:
    verdict = judged(RATE, Itemised(loss=0.2, items=None), Itemised(loss=0.201, items=None), 0.01, seed=0)
    assert (verdict.against_dense, verdict.low, verdict.high) == ("level", None, None)


@pytest.mark.parametrize(
    ("learned", "naive", "says"),
    [
        (Learned("candidate 3", 4.0, 4.6), ("word frequencies alone", math.exp(4.0)), "no better than 54.60"),
        (Learned("candidate 3", 4.0, 4.0), None, "where it began"),
        (Learned("candidate 3", math.inf, 4.6), None, "where it began"),
        (Learned("candidate 3", 4.02, 4.0, given=True), None, "where it began"),
        (Learned("candidate 3", 4.005, 4.0, given=True), None, None),
        (Learned("candidate 3", 3.9, 4.6), ("word frequencies alone", math.exp(4.0)), None),
    ],
)
def test_what_counts_as_not_learned(
    learned: Learned, naive: tuple[str, float] | None, says: str | None
) -> None:
    reason = not_learned(PERPLEXITY, [Learned("the dense network", 1.0, 4.6), learned], naive, 0.01)
    if says is None:
        assert reason is None
    else:
        assert reason is not None
        assert "candidate 3 reaches" in reason.words
        assert says in reason.words
        assert reason.diverged == ("began" in says)


class Each(tiny_tasks.Tiny):
    """Says which sequence was right how often."""

    def evaluate_each(self, network: torch.nn.Module, part: Part) -> Items:
        """Right answers of each sequence of ten."""
        x, y = tiny_tasks.data(1 if part == "valid" else 2, 40, 10)
        right = ((network(x) > 0) == (y > 0)).double().sum(dim=1)
        return Items(right, torch.full_like(right, 10), name="sequences")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = tmp_path_factory.mktemp("verdict") / "run"
    return RunFolder(folder), run(for_task(Each, {"recipe.epochs": 3}), folder)


def test_a_task_that_gives_its_items_gets_an_interval(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    verdict = result.verdict
    assert verdict is not None
    assert (verdict.items, verdict.item, verdict.block) == (40, "sequences", 1)
    final = result.finalists[0].final
    assert final is not None
    assert verdict.difference == pytest.approx(final.test_score - result.dense.final.test_score, abs=1e-12)
    said = verdict_sentence(result)
    assert said is not None
    assert "covers the data and not the seeds" in said
    assert said.replace("'", "&#39;") in write(folder).read_text()


def test_results_of_before_open_as_they_did(searched: tuple[RunFolder, SearchResult]) -> None:
    """Those of schema 2 have no verdict."""
    _, result = searched
    document = json.loads(result.model_dump_json())
    del document["verdict"]
    document["schema_version"] = 2
    old = SearchResult.model_validate(document)
    assert old.verdict is None
    assert verdict_sentence(old) is None
    assert network_rows(old, None)[1][0].startswith("selected")
    assert result.schema_version == SCHEMA == 3


def test_items_that_are_not_the_number_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"losses with the mean 0\.5, and evaluate\(\) gives 0\.6"):
        as_items(torch.tensor([1.0, 0.0]), 0.6, "mine")
    with pytest.raises(ConfigurationError, match="one loss and one count per item"):
        as_items((torch.ones(3), torch.ones(2)), 1.0, "mine")


def test_a_perplexity_beyond_all_bounds_is_written_in_short() -> None:
    """It filled four lines of the terminal with digits."""
    assert PERPLEXITY.text(PERPLEXITY.shown(1e9)) == "1.01e+304"
    assert PERPLEXITY.text(57.555) == f"{57.555:.2f}"


def test_a_learning_rate_of_1e9_is_no_success(tmp_path: Path) -> None:
    """It ended as selected, with LS distance 0."""
    changes = {"recipe__learning_rate": 1e9, "search__candidates": 2, "recipe__epochs": 3}
    result = run(small(**changes), tmp_path / "run")
    if result.selected is not None:
        assert result.verdict is not None
        assert result.verdict.against_dense == "not learned"
        assert network_rows(result, None)[1][0].startswith("not learned")
    assert went_wrong(result)  # exit status 1
    said = verdict_sentence(result)
    assert said is not None
    assert "not learned. The dense network reaches a validation perplexity of" in said
    assert "Selected:" not in write(RunFolder(tmp_path / "run")).read_text()
