"""A job trains, measures and keeps what it measured; the orders that DESIGN gives are laws here."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from hyperprune.corpora import CorpusConfig
from hyperprune.errors import CheckpointError
from hyperprune.models import StackedLSTMConfig
from hyperprune.seeding import seed_globally
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import OwnTask, Recipe, SpectrumConfig, TextTask
from hyperprune.training import JobFolder, Progress, TrainingJob, run_job
from hyperprune.training.epoch import train_epoch
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint, load_network
from hyperprune.training.itemised import start_loss
from hyperprune.training.job import task_of
from hyperprune.training.state import TrainingState, seed_for_training
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.weights_file import GivenWeights

CORPUS = CorpusConfig(max_train_tokens=2000, max_vocabulary=80)
TASK = TextTask(corpus=CORPUS, model=StackedLSTMConfig(embedding=8, hidden=8))
VARIANT = PruningVariant(density=0.3, death_rate=0.5, update_interval="epoch")


def job(folder: Path, **changes: object) -> TrainingJob:
    values: dict[str, object] = {
        "label": "test",
        "folder": folder,
        "task": TASK,
        "recipe": Recipe(epochs=4, learning_rate=5.0),
        "spectrum": SpectrumConfig(batch=2, steps=5, warmup=1),
        "until": 3,
    }
    return TrainingJob.model_validate(values | changes)


@pytest.mark.parametrize("optimizer", ["sgd", "snt-asgd", "adam"])
@pytest.mark.parametrize("variant", [None, VARIANT], ids=["dense", "sparse"])
def test_in_two_pieces_as_in_one(tmp_path: Path, optimizer: str, variant: PruningVariant | None) -> None:
    """Stopped after two epochs and taken up, a job gives the same history, spectra and checkpoint."""
    rate = 0.01 if optimizer == "adam" else 5.0
    recipe = Recipe(epochs=5, learning_rate=rate, optimizer=optimizer, nonmonotone=1)
    changes = {"variant": variant, "recipe": recipe}
    whole = run_job(job(tmp_path / "whole", until=5, **changes))
    run_job(job(tmp_path / "pieces", until=2, **changes))
    run_job(job(tmp_path / "pieces", until=3, **changes))
    assert run_job(job(tmp_path / "pieces", until=5, **changes)) == whole
    for path in (tmp_path / "whole").glob("*.safetensors"):
        assert (tmp_path / "pieces" / path.name).read_bytes() == path.read_bytes()


def test_averages_are_what_is_evaluated_and_exported(tmp_path: Path) -> None:
    """With a rate that makes the loss rise, NT-ASGD begins to average; the checkpoint holds both weights."""
    recipe = Recipe(epochs=6, learning_rate=40.0, clip=0, optimizer="nt-asgd", nonmonotone=1)
    history = run_job(job(tmp_path, until=6, recipe=recipe))
    assert any(record.averaging for record in history.epochs), "a rate of 40 makes the loss rise"
    last = checkpoint.load(checkpoint.path(tmp_path, 6))
    assert {k.removeprefix("average.") for k in last.tensors if k.startswith("average.")} == {
        k.removeprefix("model.") for k in last.tensors if k.startswith("model.")
    }
    network = load_network(checkpoint.path(tmp_path, 6))
    assert torch.equal(network.state_dict()["decoder.weight"], last.tensors["average.decoder.weight"])


def test_a_done_job_only_reads(tmp_path: Path) -> None:
    history = run_job(job(tmp_path))
    heard: list[Progress] = []
    assert run_job(job(tmp_path), heard.append) == history
    assert run_job(job(tmp_path, until=2)) == history.until(2)
    assert [event.step for event in heard] == [0]


def _masks(tmp_path: Path, until: int) -> dict[str, torch.Tensor]:
    """Masks, as bits, in the checkpoint of a job's last epoch."""
    run_job(job(tmp_path / f"{until}", variant=VARIANT, until=until))
    whole = checkpoint.load(checkpoint.path(tmp_path / f"{until}", until))
    return {name: bits for name, bits in whole.tensors.items() if name.startswith("mask.")}


def test_topology_changes_as_the_first_act_of_every_epoch_but_the_first(tmp_path: Path) -> None:
    """So what is measured at the end of an epoch has trained since its last update, and is what is kept."""
    description = job(tmp_path / "fresh", variant=VARIANT)
    seed_globally(seed_for_training(description.seed))
    fresh = TrainingState.fresh(task_of(description), description.recipe, VARIANT, description.seed)
    initial = {name: bits for name, bits in fresh.capture()[0].items() if name.startswith("mask.")}
    after = [_masks(tmp_path, until) for until in (1, 2, 3)]
    assert all(torch.equal(after[0][name], bits) for name, bits in initial.items()), "none in the first"
    for before, now in pairwise(after):
        assert any(not torch.equal(now[name], bits) for name, bits in before.items())
    for until in (1, 2, 3):
        folder = tmp_path / f"{until}"
        measured = JobFolder(folder).history().last.valid_loss
        kept = EvaluationJob(
            checkpoint=checkpoint.path(folder, until), task=TASK, recipe=Recipe(), part="valid"
        )
        assert evaluate_checkpoint(kept) == measured, "no update between measuring and keeping"


def test_a_step_is_backward_clip_optimiser_mask() -> None:
    """One step by hand: the clipped gradient, dead weights in its norm, then the optimiser, then the mask."""
    opened = OwnTask(object="tiny_tasks:Tiny", settings={"batches": 1}).open(Recipe())
    recipe = Recipe(optimizer="sgd", learning_rate=0.5, clip=0.01, epochs=1)
    torch.manual_seed(0)
    state = TrainingState.fresh(opened, recipe, VARIANT, 0)
    assert state.sparse is not None
    state.network.train()
    before = {name: p.detach().clone() for name, p in state.network.named_parameters()}
    torch.manual_seed(1)  # dropout
    (batch,) = opened.losses(state.network, 1)
    batch.backward()
    gradients = {name: p.grad.clone() for name, p in state.network.named_parameters() if p.grad is not None}
    norm = torch.stack([g.norm() for g in gradients.values()]).norm()
    assert norm > recipe.clip, "so that clipping shows"
    torch.manual_seed(1)
    train_epoch(
        opened,
        state.network,
        state.optimizer,
        state.sparse,
        recipe,
        Progress("one", 1, 1, 0, 1, 0.0, 0.0),
        lambda _: None,
    )
    for name, parameter in state.network.named_parameters():
        step = recipe.learning_rate * gradients[name] * (recipe.clip / (norm + 1e-6))
        expected = before[name] - step
        if name in state.sparse.masks:
            expected = expected * state.sparse.masks[name]
        torch.testing.assert_close(parameter.detach(), expected, rtol=1e-5, atol=1e-7)
    assert any(not mask.all() for mask in state.sparse.masks.values())


def test_density_and_live_weights_are_exact_at_every_epoch(tmp_path: Path) -> None:
    history = run_job(job(tmp_path, variant=VARIANT))
    network = load_network(checkpoint.path(tmp_path, 3))
    total = sum(p.numel() for p in network.parameters() if p.dim() > 1)
    biases = sum(p.numel() for p in network.parameters() if p.dim() == 1)
    live = int(0.3 * total + 0.5)
    assert [record.live for record in history.epochs] == [live + biases] * 3
    assert [record.density for record in history.epochs] == [live / total] * 3


def test_all_networks_start_from_the_same_dense_weights(tmp_path: Path) -> None:
    """Where a candidate's mask is live after no training, its weight is the dense one's."""
    networks = []
    for variant in (None, VARIANT, PruningVariant(density=0.3, sparse_init="er")):
        description = job(tmp_path, variant=variant)
        seed_globally(seed_for_training(description.seed))
        networks.append(TrainingState.fresh(task_of(description), description.recipe, variant, 0))
    dense = dict(networks[0].network.named_parameters())
    for state in networks[1:]:
        assert state.sparse is not None
        for name, mask in state.sparse.masks.items():
            weight = dict(state.network.named_parameters())[name]
            assert torch.equal(weight[mask], dense[name][mask])
            assert not weight[~mask].any()


def test_checkpoint_alone_gives_the_measured_loss(tmp_path: Path) -> None:
    history = run_job(job(tmp_path, variant=VARIANT))
    loss = evaluate_checkpoint(
        EvaluationJob(checkpoint=checkpoint.path(tmp_path, 3), task=TASK, recipe=Recipe(), part="valid")
    )
    assert loss == history.last.valid_loss


def test_checkpoint_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    run_job(job(tmp_path, until=1))
    with pytest.raises(CheckpointError, match="another vocabulary"):
        evaluate_checkpoint(
            EvaluationJob(
                checkpoint=checkpoint.path(tmp_path, 1),
                task=TASK.model_copy(
                    update={"corpus": CorpusConfig(max_train_tokens=2000, max_vocabulary=50)}
                ),
                recipe=Recipe(),
                part="valid",
            )
        )


def test_damaged_spectrum_means_training_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    history = run_job(job(tmp_path))
    path = JobFolder(tmp_path).spectrum_path(2)
    original = path.read_bytes()
    path.write_bytes(original[:-8])
    assert run_job(job(tmp_path)) == history
    assert "trained again from the start" in caplog.text
    assert path.read_bytes() == original


def test_diverging_network_ends_with_its_reason(tmp_path: Path) -> None:
    recipe = Recipe(epochs=4, learning_rate=1e30, clip=0)
    history = run_job(job(tmp_path, recipe=recipe))
    assert history.failure is not None
    assert history.failure.epoch == 1
    assert "finite" in history.failure.reason or "became" in history.failure.reason
    assert run_job(job(tmp_path, recipe=recipe)) == history


def test_trained_weights_that_will_die_are_measured_without_them_first(tmp_path: Path) -> None:
    """Whole, they would all be as good as the dense network, and a screening could not tell masks apart."""
    run_job(job(tmp_path / "dense", until=1))
    start = GivenWeights(checkpoint=str(checkpoint.path(tmp_path / "dense", 1)))
    given = {"start": start.model_copy(update={"sha256": start.hashed()}), "initial": True}
    rules = {"density": 0.3, "criterion": "global_magnitude", "death_rate": 0.0}
    at_once = PruningVariant(**rules)  # type: ignore[arg-type]
    ramp = PruningVariant(**rules, density_schedule="gradual", update_interval=5)  # type: ignore[arg-type]
    whole = run_job(job(tmp_path / "ramp", variant=ramp, until=4, **given))
    other = run_job(job(tmp_path / "once", variant=at_once, until=0, **given))
    assert whole.initial == other.initial
    assert whole.initial is not None
    assert whole.initial.masks is not None
    densities = [record.density for record in whole.epochs]
    assert densities == sorted(densities, reverse=True)
    assert densities[0] > densities[-1] == pytest.approx(0.3, abs=1e-3)
    assert start_loss(job(tmp_path / "start", variant=ramp, until=4, **given)) == whole.initial.valid_loss
    for until in (0, 1, 2, 4):
        pieces = run_job(job(tmp_path / "pieces", variant=ramp, until=until, **given))
    assert pieces == whole
    for path in (tmp_path / "ramp").glob("*.safetensors"):
        assert (tmp_path / "pieces" / path.name).read_bytes() == path.read_bytes()


def test_fresh_weights_that_will_die_are_measured_as_they_are(tmp_path: Path) -> None:
    ramp = PruningVariant(density=0.3, density_schedule="gradual", death_rate=0.0, update_interval=5)
    own = run_job(job(tmp_path / "ramp", variant=ramp, until=0, initial=True))
    assert own.initial == run_job(job(tmp_path / "dense", until=0, initial=True)).initial
