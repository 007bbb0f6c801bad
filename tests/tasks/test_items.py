"""The losses of single items: their mean is the number, in the order of the part."""

import math

import pytest
import torch
from small_search import small

from hyperprune.tasks import Items, OpenedTask, OwnTask, Recipe
from hyperprune.tasks.text.language_modelling import window_losses

PACKAGES = {"digits": "sklearn", "co2": "statsmodels"}


def items_of(task: OpenedTask, part: str) -> tuple[Items, float]:
    torch.manual_seed(0)
    network = task.network().eval()
    loss = task.evaluate(network, part)  # type: ignore[arg-type]
    items = task.evaluate_each(network, part, loss)  # type: ignore[arg-type]
    assert items is not None
    return items, loss


@pytest.mark.parametrize("part", ["valid", "test"])
def test_windows_of_a_text_make_up_its_loss(part: str) -> None:
    config = small()
    task = config.described.open(config.recipe)
    items, loss = items_of(task, part)
    assert items.number == pytest.approx(loss, rel=1e-6)
    assert items.ordered
    assert items.name == "windows of 20 tokens"
    tokens = len(task.task.corpus.part(part)) // config.recipe.evaluation_batch - 1  # type: ignore[attr-defined]
    assert float(items.counts.sum()) == tokens * config.recipe.evaluation_batch


@pytest.mark.parametrize(("name", "item", "ordered"), [("digits", "images", False), ("co2", "weeks", True)])
def test_items_of_shipped_tasks_make_up_their_score(name: str, item: str, ordered: bool) -> None:
    pytest.importorskip(PACKAGES[name], reason="needs the extra tasks")
    items, loss = items_of(OwnTask(object=name).open(Recipe()), "test")
    assert items.number == pytest.approx(loss, rel=1e-6)
    assert (items.name, items.ordered) == (item, ordered)


class Copies(torch.nn.Module):
    """Says the token once more, with odds of three to one."""

    def forward(self, inputs: torch.Tensor, state: None) -> tuple[torch.Tensor, None]:
        """Logits ``(steps, batch, 2)``."""
        logits = torch.nn.functional.one_hot(inputs, 2).double() * torch.tensor(3.0).double().log()
        return logits, None


def test_windows_stand_in_the_order_of_the_text() -> None:
    """Two columns of five tokens in windows of two: those of the first column, then those of the second."""
    text = torch.tensor([[0, 0, 0, 0, 0], [0, 0, 0, 1, 0]]).t()
    right, wrong = math.log(4 / 3), math.log(4)
    items = window_losses(Copies(), text, bptt=2)
    assert items.counts.tolist() == [2, 2, 2, 2]
    assert items.losses.tolist() == pytest.approx([2 * right, 2 * right, 2 * right, 2 * wrong])
    assert window_losses(Copies(), text[:4], bptt=2).counts.tolist() == [2, 1, 2, 1]
