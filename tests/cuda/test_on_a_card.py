"""On a card: numbers of the CPU, bits of a resumed run, and no wait inside a step."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from hyperprune.corpora import CorpusConfig
from hyperprune.models import MODELS, LanguageModel
from hyperprune.models.layers.graphed import replaying
from hyperprune.optim import build
from hyperprune.sparsity import PruningVariant, SparseTraining
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.tasks.precision import exact_format, training_format
from hyperprune.training import TrainingJob, run_job
from hyperprune.training.stored.checkpoint import path as weights_path

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
]


def network(kind: str) -> LanguageModel:
    torch.manual_seed(0)
    found = MODELS[kind](embedding=32, hidden=32).build(50)
    assert isinstance(found, LanguageModel)
    return found


@pytest.fixture
def no_waits() -> Iterator[None]:
    """Torch itself raises where the host would wait for the card."""
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("kind", MODELS)
def test_the_loss_is_that_of_the_cpu(kind: str) -> None:
    """In evaluation mode, since dropout draws other numbers on a card; float32 sums in another order."""
    own, tokens = network(kind).eval(), torch.randint(50, (2, 9, 4))
    found = []
    for device in ("cpu", "cuda"):
        with exact_format(torch.device(device)), torch.no_grad():
            found.append(own.to(device).window_loss(*tokens.to(device)).objective.cpu())
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
@pytest.mark.parametrize("kind", MODELS)
def test_a_masked_step_waits_for_nothing(kind: str, precision: str, request: pytest.FixtureRequest) -> None:
    device = torch.device("cuda")
    own, tokens = network(kind).to(device), torch.randint(50, (2, 9, 4), device=device)
    optimizer = build("sgd", own, lr=0.1)
    sparse = SparseTraining.from_variant(PruningVariant(density=0.4, death_rate=0.5), own, optimizer)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with training_format(precision, device):
            own.window_loss(*tokens).objective.backward()
        sparse.clip_grad_norm_(0.25)
        sparse.step()

    step()  # the first one makes handles and workspaces
    request.getfixturevalue("no_waits")
    step()


@pytest.mark.parametrize("kind", ["rhn", "on-lstm"])
def test_a_replayed_step_starts_few_kernels_and_waits_for_nothing(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """That its gradients are those of a step without graphs is in ``test_graphs``."""
    device = torch.device("cuda")
    own, tokens = network(kind).to(device), torch.randint(50, (2, 30, 4), device=device)

    def step() -> None:
        own.zero_grad(set_to_none=True)
        own.window_loss(*tokens).objective.backward()

    step()
    plain = launches(step)
    with replaying(True, device, often=1):
        step()
        replayed = launches(step)
        request.getfixturevalue("no_waits")
        step()
        torch.cuda.set_sync_debug_mode("default")
    assert plain > 1000
    assert replayed < 200


def launches(action: Callable[[], None]) -> int:
    """How often the host starts something; a graph is one."""
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as found:
        action()
        torch.cuda.synchronize()
    starts = ("cudaLaunchKernel", "cuLaunchKernel", "cudaGraphLaunch")
    return sum(event.name.startswith(starts) for event in found.events())


@pytest.mark.parametrize("kind", MODELS)
def test_a_resumed_training_has_the_bits_of_one_in_a_single_piece(kind: str, tmp_path: Path) -> None:
    def job(name: str, until: int) -> TrainingJob:
        return TrainingJob(
            label="test",
            folder=tmp_path / name,
            task=TextTask(
                corpus=CorpusConfig(max_train_tokens=2000, max_vocabulary=80),
                model=MODELS[kind](embedding=16, hidden=16),
            ),
            recipe=Recipe(epochs=2, learning_rate=5.0, optimizer="snt-asgd"),
            spectrum=SpectrumConfig(batch=2, steps=5, warmup=1),
            variant=PruningVariant(density=0.4, death_rate=0.5, update_interval="epoch"),
            until=until,
            device="cuda:0",
        )

    whole = run_job(job("whole", 2))
    run_job(job("pieces", 1))
    assert run_job(job("pieces", 2)) == whole
    first, second = (weights_path(tmp_path / name, 2).read_bytes() for name in ("whole", "pieces"))
    assert first == second
