"""What a run notes of a task's data and settings."""

import functools
from pathlib import Path
from typing import Any

import pytest
import tiny_tasks
import torch
from torch import nn

from hyperprune.errors import ConfigurationError, RunFolderError
from hyperprune.search import for_task, run
from hyperprune.tasks import named
from hyperprune.tasks.finding.fingerprint import attributes_hash, data_hash, training_hash

plain_losses = tiny_tasks.Tiny.losses


class Offering(tiny_tasks.Tiny):
    """Says all that it trains on."""

    def __init__(self, labels: float = 0.0) -> None:
        super().__init__()
        self.labels = labels

    def data(self) -> Any:
        return {"train": [torch.zeros(3), self.labels], "valid": ("words", 3)}


class Shifted(tiny_tasks.Tiny):
    """Trains on other inputs than Tiny, and is driven by the same."""

    def losses(self, network: nn.Module, epoch: Any) -> Any:
        yield from plain_losses(self, lambda x: network(x + 1), epoch)  # type: ignore[arg-type]


class OtherValidation(tiny_tasks.Tiny):
    def evaluate(self, network: nn.Module, part: str) -> float:
        return super().evaluate(lambda x: network(2 * x), part)  # type: ignore[arg-type]


class Opaque(tiny_tasks.Tiny):
    """Holds what cannot be read as data."""

    def __init__(self) -> None:
        super().__init__()
        self.thing = object()


def test_lists_and_dictionaries_do_not_hash_to_nothing() -> None:
    a, b = torch.arange(3.0), torch.arange(3.0) + 1
    values: list[Any] = [a, b, [a], [b], {"x": a}, {"x": b}, {"y": a}, (a, b), [a, b], ([a], b)]
    assert len({data_hash(value) for value in values}) == len(values)


def test_a_tensor_and_a_tuple_hash_as_in_stored_runs() -> None:
    """Of the version that hashed these alone."""
    x = torch.arange(6, dtype=torch.float32).view(2, 3)
    assert data_hash(x) == "8de7dcbd7a6cde85b9b9b69f0e57e2a6aadcadf5c753557961e31f18fdca59eb"
    pair = (torch.arange(3.0), torch.arange(4))
    assert data_hash(pair) == "03340c05319ff54a12cc65104255ee66422580a9716e09c83a80aa092a85c6fe"


def test_changed_data_is_noticed() -> None:
    tiny = training_hash(tiny_tasks.Tiny(), 0)
    assert training_hash(tiny_tasks.Tiny(), 0) == tiny
    assert training_hash(Shifted(), 0) != tiny, "other training inputs"
    assert training_hash(OtherValidation(), 0) != tiny, "other validation inputs"
    assert training_hash(Offering(0.0), 0) != training_hash(Offering(1.0), 0), "data() covers targets too"


def test_looking_leaves_the_random_state() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    training_hash(tiny_tasks.Tiny(), 0)
    assert torch.equal(torch.rand(2), expected)


def test_changed_training_data_is_refused_on_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = for_task("tiny_tasks:Tiny", {"recipe.epochs": 2, "search.candidates": 2})
    run(config, tmp_path / "run")
    monkeypatch.setattr(tiny_tasks.Tiny, "losses", Shifted.losses)
    with pytest.raises(RunFolderError, match="training_sha256"):
        run(config, tmp_path / "run")


def test_objects_of_one_class_with_other_settings_are_other_tasks() -> None:
    four, more = for_task(tiny_tasks.Tiny(hidden=4)), for_task(tiny_tasks.Tiny(hidden=24))
    assert four.digest != more.digest
    assert four.digest == for_task(tiny_tasks.Tiny(hidden=4)).digest
    assert four.described.identity != more.described.identity


def test_partials_are_their_function_with_settings() -> None:
    one = named(functools.partial(tiny_tasks.Tiny, hidden=4))
    assert (one.object, one.settings) == ("tiny_tasks:Tiny", {"hidden": 4})
    other = named(functools.partial(tiny_tasks.Tiny, hidden=5))
    assert one.identity != other.identity


def test_an_object_that_cannot_be_read_has_no_default_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert attributes_hash(Opaque()) is None
    config = for_task(Opaque(), {"recipe.epochs": 1, "search.candidates": 1})
    with pytest.raises(ConfigurationError, match="has no folder of its own: give one"):
        run(config)
    assert run(config, "mine").selected == 0


def test_a_task_is_built_once_for_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    passes: list[int] = []
    plain_init, plain_losses = tiny_tasks.Tiny.__init__, tiny_tasks.Tiny.losses

    def init(self: Any, **settings: Any) -> None:
        built.append(1)
        plain_init(self, **settings)

    def losses(self: Any, network: nn.Module, epoch: Any) -> Any:
        passes.append(1)
        return plain_losses(self, network, epoch)

    monkeypatch.setattr("hyperprune.tasks.finding.import_task._tasks", {})
    monkeypatch.setattr(tiny_tasks.Tiny, "__init__", init)
    monkeypatch.setattr(tiny_tasks.Tiny, "losses", losses)
    values = {"recipe.epochs": 2, "search.candidates": 3}
    ended = run(for_task("tiny_tasks:Tiny", values), tmp_path / "run")
    assert sum(built) == 1
    trained = ended.cost.with_dense
    first = sum(passes)
    assert first <= trained + 3, "epochs trained, and a few looks at the first batch"
    passes.clear()
    run(for_task("tiny_tasks:Tiny", values), tmp_path / "run")
    assert sum(passes) <= 1, "a start does not pass over all batches again"
