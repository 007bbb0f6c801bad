"""The base class of tasks, and the stream of an epoch."""

from collections.abc import Iterator
from typing import Any

import pytest
import tiny_tasks
import torch
from torch import Tensor, nn

import hyperprune
from hyperprune.errors import ConfigurationError
from hyperprune.tasks import Epoch, OwnTask, Recipe


class Based(hyperprune.Task):
    """The tiny task on the base class."""

    def __init__(self) -> None:
        self._tiny = tiny_tasks.Tiny()

    def network(self) -> nn.Module:
        return self._tiny.network()

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Tensor]:
        return self._tiny.losses(network, epoch)

    def evaluate(self, network: nn.Module, part: str) -> float:
        return self._tiny.evaluate(network, part)

    def spectrum_inputs(self, batch: int, steps: int) -> Any:
        return self._tiny.spectrum_inputs(batch, steps)


def test_what_is_left_out_has_its_default() -> None:
    opened = OwnTask(object=f"{__name__}:Based").open(Recipe()) if __name__ != "__main__" else None
    assert opened is not None
    assert (opened.score.name, opened.score.better, opened.steps_per_epoch) == ("loss", "lower", 6)


def test_a_misspelt_attribute_raises_when_the_class_is_made() -> None:
    with pytest.raises(
        ConfigurationError, match="'higher_is_beter', which nothing reads: write 'higher_is_better'"
    ):

        class Misspelt(Based):
            higher_is_beter = True


def test_a_misspelt_attribute_raises_when_it_is_set() -> None:
    with pytest.raises(ConfigurationError, match="write 'steps_per_epoch'"):
        Based().step_per_epoch = 3  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="abstract"):
        hyperprune.Task()  # type: ignore[abstract]


def test_attributes_of_ones_own_are_let_be() -> None:
    class Own(Based):
        window = 5
        batches_seen = 0

    made = Own()
    made.hidden = 3  # type: ignore[attr-defined]
    assert made.score == "loss"


def test_an_epoch_has_one_stream() -> None:
    epoch, again = Epoch(3, seed=1), Epoch(3, seed=1)
    first, second = torch.rand(2, generator=epoch.generator), torch.rand(2, generator=epoch.generator)
    assert not torch.equal(first, second), "a second draw goes on where the first ended"
    assert torch.equal(first, torch.rand(2, generator=again.generator)), (
        "and an epoch begins anew from its seed"
    )
    assert not torch.equal(first, torch.rand(2, generator=Epoch(4, seed=1).generator))
