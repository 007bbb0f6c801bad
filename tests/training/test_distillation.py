"""Distillation: what is minimised, whose state is carried, and that it changes nothing where it is off."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from hyperprune.corpora import CorpusConfig
from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.models import AWDLSTMMoSConfig, StackedLSTM, StackedLSTMConfig
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import Epoch, OwnTask, Recipe, TextTask, named
from hyperprune.tasks.digits import Digits
from hyperprune.tasks.distillation import Teacher, soft_divergence
from hyperprune.tasks.text.language_batches import batches
from hyperprune.training import TrainingJob, VariantConfig, run_job
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.weights_file import GivenWeights
from hyperprune.training.teaching import TeacherConfig

CORPUS = CorpusConfig(max_train_tokens=2000, max_vocabulary=80)
TASK = TextTask(corpus=CORPUS, model=StackedLSTMConfig(embedding=8, hidden=8))
VARIANT = PruningVariant(density=0.3, death_rate=0.5, update_interval="epoch")
TEXT = torch.randint(9, (41, 6), generator=torch.Generator().manual_seed(0))


def job(folder: Path, **changes: object) -> TrainingJob:
    values: dict[str, object] = {
        "label": "test",
        "folder": folder,
        "task": TASK,
        "recipe": Recipe(epochs=4, learning_rate=5.0),
        "variant": VARIANT,
        "until": 3,
    }
    return TrainingJob.model_validate(values | changes)


def taught_by(
    folder: Path, task: Any = TASK, recipe: Recipe | None = None, **changes: float
) -> TeacherConfig:
    """The dense network of a task after an epoch, as a teacher."""
    recipe = recipe or Recipe(epochs=4, learning_rate=5.0)
    run_job(job(folder, variant=None, until=1, task=task, recipe=recipe))
    given = GivenWeights(checkpoint=str(checkpoint.path(folder, 1)))
    return TeacherConfig(weights=given.model_copy(update={"sha256": given.hashed()}), **changes)


def weights(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}


def networks() -> tuple[StackedLSTM, StackedLSTM]:
    torch.manual_seed(1)
    student = StackedLSTM(9, embedding=4, hidden=5, dropout=0.3).double()
    return student, StackedLSTM(9, embedding=4, hidden=5, dropout=0.3).double()


def test_weight_zero_is_no_teacher(tmp_path: Path) -> None:
    taught = job(tmp_path / "taught", teacher=taught_by(tmp_path / "dense", weight=0.0))
    alone = job(tmp_path / "alone")
    assert taught.identity == alone.identity
    assert run_job(taught) == run_job(alone)
    assert weights(tmp_path / "taught") == weights(tmp_path / "alone")


def test_weight_and_temperature_decide_the_network_and_not_its_masks(tmp_path: Path) -> None:
    """Ablations share their masks: only weights differ before the first topology update."""
    static = PruningVariant(density=0.3, death_rate=0.0)
    jobs = [job(tmp_path / "alone", variant=static, until=1)]
    for number, (weight, temperature) in enumerate([(0.5, 1.0), (0.9, 1.0), (0.5, 2.0)]):
        teacher = taught_by(tmp_path / "dense", weight=weight, temperature=temperature)
        jobs.append(job(tmp_path / f"{number}", variant=static, until=1, teacher=teacher))
    kept = []
    for one in jobs:
        run_job(one)
        kept.append(checkpoint.load(checkpoint.path(one.folder, 1)).tensors)
    assert len({one.identity for one in jobs}) == 4
    for name, value in kept[0].items():
        if name.startswith("mask."):
            assert all(torch.equal(value, other[name]) for other in kept)
    assert len({str(other["model.decoder.weight"].sum()) for other in kept}) == 4


@pytest.mark.parametrize("optimizer", ["sgd", "snt-asgd"])
def test_in_two_pieces_as_in_one(tmp_path: Path, optimizer: str) -> None:
    recipe = Recipe(epochs=5, learning_rate=5.0, optimizer=optimizer, nonmonotone=1)
    changes = {"recipe": recipe, "teacher": taught_by(tmp_path / "dense", temperature=2.0)}
    whole = run_job(job(tmp_path / "whole", **changes))
    run_job(job(tmp_path / "pieces", **changes | {"until": 1}))
    assert run_job(job(tmp_path / "pieces", **changes)) == whole
    assert weights(tmp_path / "pieces") == weights(tmp_path / "whole")


def test_another_file_in_the_teachers_place_is_refused(tmp_path: Path) -> None:
    teacher = taught_by(tmp_path / "dense")
    Path(teacher.weights.checkpoint).write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="not the file that this run was started with"):
        run_job(job(tmp_path / "taught", teacher=teacher))


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_the_objective_is_that_of_hinton(temperature: float) -> None:
    """(1 - a) cross entropy + a T^2 KL, by hand; the teacher reads the whole text in evaluation mode."""
    student, teacher = networks()
    recipe = Recipe(bptt=8, batch=6)
    known, _ = copy.deepcopy(teacher).eval()(TEXT[:-1])
    place = 0
    for batch in batches(
        student.eval(), TEXT, recipe, torch.Generator(), Teacher(teacher.train(), 0.3, temperature)
    ):
        (part,) = batch.slices
        own, _ = copy.deepcopy(student)(TEXT[:-1])
        window = slice(place, place + batch.items // 6)
        logits, answer = own[window].flatten(0, 1), known[window].flatten(0, 1)
        plain = cross_entropy(logits, TEXT[1:][window].flatten())
        soft = kl_div(
            log_softmax(logits / temperature, 1),
            log_softmax(answer / temperature, 1),
            log_target=True,
            reduction="batchmean",
        )
        assert torch.allclose(part.objective, 0.7 * plain + 0.3 * temperature**2 * soft, rtol=1e-12)
        assert torch.allclose(part.loss, plain, rtol=1e-12)
        place = window.stop


def test_a_network_that_is_its_teacher_has_nothing_to_learn_from_it() -> None:
    student, _ = networks()
    teacher = Teacher(copy.deepcopy(student), 1.0, 2.0)
    batch = next(batches(student.eval(), TEXT, Recipe(bptt=8), torch.Generator(), teacher))
    batch.backward()
    logits = student(TEXT)[0].detach()
    assert float(soft_divergence(logits, logits, 2.0)) == 0
    assert all(float(p.grad.abs().max()) < 1e-15 for p in student.parameters() if p.grad is not None)


def test_a_mixture_teaches_a_plain_network() -> None:
    """A teacher whose decoder is no plain softmax, and slices, give the same as its own scores."""
    student, _ = networks()
    mixture = AWDLSTMMoSConfig(embedding=4, hidden=5, layers=1, last_hidden=4, experts=2).build(9).double()
    losses = []
    for cut in (None, 2):
        recipe = Recipe(bptt=40, batch=6, slice=cut)
        batch = next(
            batches(student.eval(), TEXT, recipe, torch.Generator(), Teacher(copy.deepcopy(mixture), 0.5))
        )
        losses.append(sum(part.objective.item() for part in batch.slices))
    logits, answer = student(TEXT[:-1])[0], mixture.eval()(TEXT[:-1])[0]
    plain = cross_entropy(logits.flatten(0, 1), TEXT[1:].flatten())
    wanted = 0.5 * plain + 0.5 * soft_divergence(logits, answer)
    assert losses == pytest.approx([wanted.item()] * 2, rel=1e-9)


class Deaf:
    """A task that never looks at its teacher."""

    def network(self) -> nn.Module:
        return nn.LSTM(2, 3)

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Tensor]:
        yield network(torch.ones(4, 1, 2))[0].square().mean()

    def evaluate(self, network: nn.Module, part: str) -> float:
        return 1.0

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        return torch.ones(steps, batch, 2)


def test_a_task_that_ignores_its_teacher_is_refused(tmp_path: Path) -> None:
    recipe, task = Recipe(epochs=2, optimizer="adam", learning_rate=0.01), named(Deaf())
    teacher = taught_by(tmp_path / "dense", task, recipe)
    with pytest.raises(ConfigurationError, match=r"never looked at epoch\.teacher"):
        run_job(job(tmp_path / "taught", task=task, recipe=recipe, teacher=teacher, until=1))


@pytest.mark.parametrize(("task", "package"), [("digits", "sklearn"), ("co2", "statsmodels")])
def test_the_shipped_tasks_listen_to_their_teacher(tmp_path: Path, task: str, package: str) -> None:
    pytest.importorskip(package)
    own = OwnTask(object=task)
    recipe = Recipe(epochs=2, optimizer="adam", learning_rate=0.005, clip=1.0)
    teacher = taught_by(tmp_path / "dense", own, recipe)
    losses = {
        name: run_job(job(tmp_path / name, task=own, recipe=recipe, teacher=given, until=1)).last.valid_loss
        for name, given in {"alone": None, "taught": teacher}.items()
    }
    assert losses["alone"] != losses["taught"]


def test_a_teacher_is_frozen_and_off_the_dropout() -> None:
    pytest.importorskip("sklearn")
    network = Digits().network().train()
    teacher = Teacher(network, 0.5)
    assert not teacher.network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert Epoch(1).teacher is None
    assert Epoch(1, 0, teacher).teacher is network


def test_a_single_training_has_the_weight_scale_of_its_configuration() -> None:
    """As published where it says nothing; the key and the masks of before stay."""
    plain, scaled = VariantConfig().at(0.3), VariantConfig(weight_scale="fan_in").at(0.3)
    assert (plain.weight_scale, scaled.weight_scale) == ("dense", "fan_in")
    assert plain.mask_key() == scaled.mask_key() == PruningVariant(density=0.3).key()
    assert "weight_scale" not in VariantConfig().model_dump()
