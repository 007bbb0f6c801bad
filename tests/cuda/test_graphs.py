"""Replayed loops give the bits of plain ones, whatever happens between two windows.

On the CPU with recordings that are pretended, and with those of CUDA where there is a card.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
from pretend_device import PLACE, PretendDevice
from pretend_graphs import OneLaunch, PretendGraphs
from small_search import families
from torch import Tensor, nn

import hyperprune
from hyperprune.accelerators import repeatable
from hyperprune.corpora import CorpusConfig
from hyperprune.executors import InProcess
from hyperprune.models import MODELS, LanguageModel
from hyperprune.models.layers import graphed
from hyperprune.models.layers.graphed import Graphs, current_graphs, replaying
from hyperprune.search import configure_training, run
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.tasks.precision import training_format
from hyperprune.training import RuntimeConfig, TrainingJob, run_job
from hyperprune.training.stored.checkpoint import path as weights_path
from hyperprune.training.stored.weights_file import GivenWeights
from hyperprune.training.teaching import TeacherConfig

TYPES, TIME, BATCH = 30, 7, 4
CUDA = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
    ],
)
ON_LOOPS = pytest.mark.parametrize("kind", ["rhn", "on-lstm"])


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[PretendGraphs]:
    """What records on the CPU, a new one for each job."""
    made: list[PretendGraphs] = []

    def make() -> PretendGraphs:
        made.append(PretendGraphs())
        return made[-1]

    monkeypatch.setitem(graphed.RECORDERS, "cpu", make)
    return made


@pytest.fixture(params=["cpu", CUDA])
def place(request: pytest.FixtureRequest, pretended: list[PretendGraphs]) -> torch.device:
    return torch.device(request.param)


Make = Callable[..., tuple[Graphs, PretendGraphs]]


@pytest.fixture
def graphs() -> Make:
    def make(**choices: int) -> tuple[Graphs, PretendGraphs]:
        recorder = PretendGraphs()
        return Graphs(recorder, **{"often": 1, **choices}), recorder

    return make


def network(kind: str, place: torch.device, seed: int = 0, **given: Any) -> LanguageModel:
    torch.manual_seed(seed)
    found: nn.Module = MODELS[kind](embedding=16, hidden=16, **given).build(TYPES)
    assert isinstance(found, LanguageModel)
    return found.to(place)


def window(number: int, place: torch.device, time: int = TIME, batch: int = BATCH) -> Tensor:
    drawn = torch.Generator().manual_seed(number)
    return torch.randint(TYPES, (2, time, batch), generator=drawn).to(place)


def assert_replayed_alike(action: Callable[[], Any], place: torch.device) -> None:
    """Do something without recordings and with them, from the first call on, and compare to the bit."""
    with repeatable(place):
        plain = action()
        with replaying(True, place, often=1):
            replayed = action()
    assert_same(replayed, plain)


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, Tensor):
        assert torch.equal(found, expected)
        assert found.stride() == expected.stride()
    elif isinstance(expected, list | tuple):
        for pair in zip(found, expected, strict=True):
            assert_same(*pair)
    else:
        assert found == expected


def gradients(own: nn.Module) -> list[Tensor]:
    found = [parameter.grad for name, parameter in own.named_parameters() if "decoder" not in name]
    assert all(gradient is not None for gradient in found)
    return [gradient.clone() for gradient in found if gradient is not None]


def train(own: LanguageModel, place: torch.device, precision: Any = "float32", steps: int = 5) -> list[Any]:
    """Windows of fixed length with the state carried; an evaluation and an odd window between them."""
    optimizer, state, seen = torch.optim.SGD(own.parameters(), lr=0.5, momentum=0.5), None, []
    torch.manual_seed(1)
    for step in range(steps):
        optimizer.zero_grad(set_to_none=True)
        with training_format(precision, place):
            loss = own.window_loss(*window(step, place, TIME if step != 3 else 3), state=state)
            loss.objective.backward()
        state = detached(loss.state)
        seen += [loss.objective.detach().clone(), gradients(own)]
        optimizer.step()
        own.eval()
        with torch.no_grad():
            seen.append(own.window_loss(*window(100, place, batch=2)).objective)
        own.train()
    return [*seen, [parameter.detach().clone() for parameter in own.parameters()]]


def detached(state: Any) -> Any:
    return state.detach() if isinstance(state, Tensor) else tuple(detached(part) for part in state)


@pytest.mark.parametrize("precision", ["float32", pytest.param("tf32", marks=CUDA.marks), "bfloat16"])
@pytest.mark.parametrize(
    ("kind", "given"),
    [("rhn", {}), ("rhn", {"coupled": False, "hidden_dropout": 0.0}), ("rhn", {"depth": 1}), ("on-lstm", {})],
    ids=["rhn", "rhn without a mask", "rhn of depth 1", "on-lstm"],
)
def test_training_has_the_same_bits(
    kind: str, given: dict[str, Any], precision: str, place: torch.device, pretended: list[PretendGraphs]
) -> None:
    if precision == "tf32" and place.type == "cpu":
        pytest.skip("tf32 is a format of CUDA devices")
    assert_replayed_alike(lambda: train(network(kind, place, **given), place, precision), place)
    if place.type == "cpu":
        assert sum(pretended[0].replayed) > 10


@ON_LOOPS
def test_products_narrowed_by_autocast_have_the_same_bits(kind: str, place: torch.device) -> None:
    """Matrices large enough to be narrowed; recordings of both formats stand side by side."""
    one = {"depth": 1} if kind == "rhn" else {"layers": 1}
    wide = MODELS[kind](embedding=368, hidden=368, **one)

    def mixed() -> list[Any]:
        torch.manual_seed(0)
        own = wide.build(TYPES).to(place)
        assert isinstance(own, LanguageModel)
        return [train(own, place, precision, steps=2) for precision in ("bfloat16", "float32")]

    assert_replayed_alike(mixed, place)


@ON_LOOPS
def test_two_forward_passes_before_their_backward_passes(kind: str, place: torch.device) -> None:
    """As slices of a window have them; every pass must find what it kept itself."""

    def passes() -> list[Any]:
        own = network(kind, place)
        torch.manual_seed(1)
        first, second = (own.activations(window(number, place)[0]).hidden.square().sum() for number in (1, 2))
        first.backward(retain_graph=True)
        found = gradients(own)
        second.backward()
        first.backward()
        return [found, gradients(own)]

    assert_replayed_alike(passes, place)


@ON_LOOPS
def test_student_and_teacher_of_one_shape_share_recordings(
    kind: str, place: torch.device, pretended: list[PretendGraphs]
) -> None:
    def both() -> list[Any]:
        student, teacher = network(kind, place), network(kind, place, seed=1).eval()
        seen = []
        torch.manual_seed(2)
        for step in range(3):
            student.zero_grad()
            with torch.no_grad():
                seen.append(teacher.activations(window(step, place)[0]).hidden)
            student.window_loss(*window(step, place)).objective.backward()
            seen.append(gradients(student))
        return seen

    assert_replayed_alike(both, place)
    if place.type == "cpu" and kind == "on-lstm":
        assert pretended[0].recorded == 2  # three layers and two networks, forward and backward


@ON_LOOPS
def test_weights_may_change_in_place_be_swapped_and_move(kind: str, place: torch.device) -> None:
    def changed() -> list[Any]:
        own, seen = network(kind, place).eval(), []
        parameters = list(own.parameters())

        def look() -> None:
            with torch.no_grad():
                seen.append(own.window_loss(*window(0, place)).objective)

        look()
        with torch.no_grad():
            for parameter in parameters:
                parameter.mul_(0.9)
        look()
        kept = [parameter.data for parameter in parameters]
        for parameter in parameters:
            parameter.data = parameter.data * 0.5
        look()
        for parameter, data in zip(parameters, kept, strict=True):
            parameter.data = data
        look()
        return seen

    assert_replayed_alike(changed, place)


def job(folder: Path, kind: str, place: torch.device, until: int = 3, **choices: Any) -> TrainingJob:
    """Forty steps an epoch, so that what is common is recorded."""
    return TrainingJob(
        label="test",
        folder=folder,
        task=TextTask(
            corpus=CorpusConfig(max_train_tokens=800, max_evaluation_tokens=200, max_vocabulary=60),
            model=MODELS[kind](embedding=8, hidden=8),
        ),
        recipe=Recipe(epochs=3, batch=4, bptt=5, learning_rate=5.0, optimizer="snt-asgd", nonmonotone=1),
        spectrum=SpectrumConfig(batch=2, steps=5, warmup=1),
        variant=PruningVariant(density=0.4, death_rate=0.5, update_interval="epoch"),
        until=until,
        device="cuda:0" if place.type == "cuda" else "cpu",
        **choices,
    )


def weights(folder: Path, epoch: int) -> bytes:
    return weights_path(folder, epoch).read_bytes()


@ON_LOOPS
def test_a_run_has_the_same_bits_in_one_piece_and_resumed(
    kind: str, place: torch.device, tmp_path: Path, pretended: list[PretendGraphs]
) -> None:
    """Pruned, evaluated, measured and stored; a resumed run records later than one in a single piece."""
    plain = run_job(job(tmp_path / "plain", kind, place))
    assert run_job(job(tmp_path / "whole", kind, place, cuda_graphs=True)) == plain
    for until in (1, 2):
        run_job(job(tmp_path / "pieces", kind, place, until, cuda_graphs=True))
    assert run_job(job(tmp_path / "pieces", kind, place, cuda_graphs=True)) == plain
    assert weights(tmp_path / "whole", 3) == weights(tmp_path / "plain", 3) == weights(tmp_path / "pieces", 3)
    if place.type == "cpu":
        whole, *pieces = pretended
        assert whole.recorded >= 2
        assert len(pieces) == 3
        assert all(recorder.recorded and recorder.settled for recorder in pretended)


@ON_LOOPS
def test_a_run_with_a_teacher_has_the_same_bits(kind: str, place: torch.device, tmp_path: Path) -> None:
    run_job(job(tmp_path / "teacher", kind, place, 1))
    given = weights_path(tmp_path / "teacher", 1)
    taught = TeacherConfig(weights=GivenWeights(checkpoint=str(given)), weight=0.5)
    plain = run_job(job(tmp_path / "plain", kind, place, 2, teacher=taught))
    assert run_job(job(tmp_path / "replayed", kind, place, 2, teacher=taught, cuda_graphs=True)) == plain
    assert weights(tmp_path / "replayed", 2) == weights(tmp_path / "plain", 2)


@pytest.mark.parametrize(("kind", "budget"), [("rhn", 53), ("on-lstm", 80)])
def test_a_replayed_step_has_few_launches_however_long_its_windows(
    kind: str, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Embedding, dropout and loss included; nothing waits."""
    with PretendDevice() as device:
        monkeypatch.setitem(graphed.RECORDERS, PLACE.type, lambda: OneLaunch(device))
        own, found = network(kind, PLACE, **({"layers": 2} if kind == "on-lstm" else {})), []
        for time in (5, 20):
            tokens, targets = window(0, torch.device("cpu"), time).to(PLACE)
            with replaying(True, PLACE, often=1):
                own.window_loss(tokens, targets).objective.backward()
                device.forget()
                own.zero_grad()
                own.window_loss(tokens, targets).objective.backward()
            assert not device.waits
            assert device.launches["graph"] == (2 if kind == "rhn" else 4)
            found.append(device.launches.total())
    assert found[0] == found[1] <= budget


class Watching(InProcess):
    """Notes what the jobs of a search ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, bool] = {}

    def submit(self, function: str, payload: Any) -> Future[Any]:
        if "cuda_graphs" in payload:
            self.asked[payload["label"]] = payload["cuda_graphs"]
        return super().submit(function, payload)


def test_every_training_of_a_search_is_asked_for_graphs(tmp_path: Path) -> None:
    """Both families, teachers and the dense reference; the folder names none, so it resumes without."""
    executor = Watching()
    config = families(**{"runtime.cuda_graphs": True})
    result = run(config, tmp_path / "run", executor=executor)
    assert {label.partition(" ")[0] for label in executor.asked} >= {"dense", "candidate"}
    assert all(executor.asked.values())
    assert "cuda_graphs" not in (tmp_path / "run" / "config.toml").read_text()
    assert run(families(), tmp_path / "run") == result


def test_a_training_takes_the_key_from_its_file_and_leaves_the_workers_of_a_search(
    tmp_path: Path, pretended: list[PretendGraphs]
) -> None:
    """What may change on resume was taken out of a training's [runtime] as a search's own."""
    file = tmp_path / "own.toml"
    file.write_text("[runtime]\nworkers = 2\ngpu_share = 0.5\ncuda_graphs = true\n")
    small_rhn = {"model.kind": "rhn", "model.embedding": 8, "model.hidden": 8, "recipe.epochs": 1}
    text = {"corpus.max_train_tokens": 4000, "corpus.max_vocabulary": 60}
    config = configure_training("python-docs", file, {**text, **small_rhn})
    assert config.runtime == RuntimeConfig(cuda_graphs=True)
    result = hyperprune.train(config, tmp_path / "run")
    assert pretended[0].recorded == 3  # a step, forward and backward, and an evaluation
    assert "cuda_graphs" not in (tmp_path / "run" / "config.toml").read_text()
    without = config.model_copy(update={"runtime": RuntimeConfig()})
    assert hyperprune.train(without, tmp_path / "run") == result
    assert hyperprune.train(without, tmp_path / "plain") == result


def test_graphs_are_no_part_of_what_a_job_is(tmp_path: Path) -> None:
    place = torch.device("cpu")
    assert job(tmp_path, "rhn", place, cuda_graphs=True).identity == job(tmp_path, "rhn", place).identity


def double(x: Tensor, y: Tensor | None = None, times: int = 2) -> tuple[Tensor, ...]:
    return (x * times if y is None else x * times + y,)


def test_results_are_nobodys_memory(graphs: Make) -> None:
    own, recorder = graphs()
    one, two = own.run(double, torch.ones(3)), own.run(double, torch.full((3,), 2.0))
    assert one[0].tolist() == [2, 2, 2]
    assert two[0].tolist() == [4, 4, 4]
    held = {result.data_ptr() for result in recorder.results}
    assert not held & {one[0].data_ptr(), two[0].data_ptr()}
    assert recorder.replayed == [2]


@pytest.mark.parametrize(
    "other",
    [
        (torch.ones(3, 2),),
        (torch.ones(3).double(),),
        (torch.ones(3, 2)[:, 0],),
        (torch.ones(3), torch.ones(3)),
        (torch.ones(3), None, 3),
    ],
    ids=["shape", "type", "strides", "a tensor for None", "argument"],
)
def test_what_differs_has_a_recording_of_its_own(graphs: Make, other: tuple[Any, ...]) -> None:
    own, recorder = graphs()
    for given in ((torch.ones(3),), other, (torch.ones(3),), other):
        assert torch.equal(own.run(double, *given)[0], double(*given)[0])
    assert recorder.replayed == [2, 2]


def test_modes_that_choose_kernels_have_recordings_of_their_own(graphs: Make) -> None:
    """An evaluation that forbids tf32 must not replay what training recorded with it."""
    own, recorder = graphs()
    own.run(double, torch.ones(3))
    recorder.mode = "tf32"
    own.run(double, torch.ones(3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        own.run(double, torch.ones(3))
    assert recorder.replayed == [1, 1, 1]


def test_what_is_rare_runs_as_it_is(graphs: Make) -> None:
    own, recorder = graphs(often=3)
    for number in range(1, 6):
        assert own.run(double, torch.ones(3))[0].tolist() == [2, 2, 2]
        assert recorder.recorded == (number >= 3)
    own.run(double, torch.ones(4))
    assert recorder.replayed == [3]


def test_recordings_are_bounded_and_none_is_replaced(graphs: Make) -> None:
    own, recorder = graphs(room=2)
    for _ in range(2):
        for size in range(1, 6):
            assert own.run(double, torch.ones(size))[0].tolist() == [2.0] * size
    assert recorder.replayed == [2, 2]
    assert not recorder.settled


def test_a_recording_that_fails_is_said_once_and_ends_them_all(
    graphs: Make, caplog: pytest.LogCaptureFixture
) -> None:
    own, recorder = graphs()
    own.run(double, torch.ones(3))
    recorder.failing = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 ...")
    with caplog.at_level(logging.WARNING):
        for size in (4, 5, 3):
            assert own.run(double, torch.ones(size))[0].tolist() == [2.0] * size
    (said,) = caplog.messages
    assert said.startswith("CUDA graphs are off for the rest of this job")
    assert said.endswith("CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert recorder.settled
    assert recorder.replayed == [1]


def test_the_reason_is_what_came_first(graphs: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Torch ends a capture that went wrong with an error of its own, which says nothing."""
    own, recorder = graphs()
    recorder.failing = RuntimeError("CUDA error: operation failed due to a previous error during capture")
    recorder.failing.__context__ = RuntimeError(
        "CUDA error: operation not permitted when stream is capturing"
    )
    with caplog.at_level(logging.WARNING):
        own.run(double, torch.ones(3))
    assert caplog.messages[0].endswith("not permitted when stream is capturing")


def test_an_error_of_the_loop_itself_is_raised(graphs: Make) -> None:
    own, _ = graphs()
    with pytest.raises(RuntimeError, match="size of tensor"):
        own.run(double, torch.ones(3), torch.ones(4))


def test_what_is_not_served_runs_as_it_is(graphs: Make) -> None:
    """Another stream, a capture of somebody else's, another device."""
    own, recorder = graphs()
    own.run(double, torch.ones(3))
    recorder.serving = False
    assert own.run(double, torch.ones(3))[0].tolist() == [2, 2, 2]
    recorder.serving = True
    assert own.run(double, torch.empty(3, device="meta"))[0].device.type == "meta"
    with pytest.raises(RuntimeError):
        own.run(double, torch.ones(3), torch.empty(3, device="meta"))
    assert recorder.replayed == [1]


def test_a_recording_made_in_inference_mode_serves_elsewhere(graphs: Make) -> None:
    """Memory that was made in inference mode could not be written to outside."""
    own, recorder = graphs()
    with torch.inference_mode():
        assert own.run(double, torch.ones(3))[0].is_inference()
    found = own.run(double, torch.ones(3))[0]
    assert not found.is_inference()
    assert recorder.replayed == [2]


def test_threads_take_turns(graphs: Make) -> None:
    """Between what one call copies in and what it copies out, no other may come."""
    own, recorder = graphs()
    wrong = []

    def many(number: float) -> None:
        for _ in range(200):
            if own.run(double, torch.full((50,), number))[0].unique().tolist() != [2 * number]:
                wrong.append(number)

    threads = [Thread(target=many, args=(float(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert recorder.replayed == [800]


@ON_LOOPS
def test_a_backward_pass_after_the_job_runs_as_it_is(kind: str, pretended: list[PretendGraphs]) -> None:
    place = torch.device("cpu")
    own = network(kind, place)
    torch.manual_seed(1)
    with replaying(True, place, often=1):
        objective = own.window_loss(*window(0, place)).objective
    replayed = sum(pretended[0].replayed)
    objective.backward()
    found = gradients(own)
    own.zero_grad()
    torch.manual_seed(1)
    own.window_loss(*window(0, place)).objective.backward()
    assert_same(found, gradients(own))
    assert sum(pretended[0].replayed) == replayed


def test_a_backward_pass_in_another_thread_replays(pretended: list[PretendGraphs]) -> None:
    """On a card it has autograd's own thread, which knows nothing of the job's context."""
    place = torch.device("cpu")
    with replaying(True, place, often=1):
        objective = network("rhn", place).window_loss(*window(0, place)).objective
        thread = Thread(target=objective.backward)
        thread.start()
        thread.join()
        assert pretended[0].replayed == [1, 1]


def test_nothing_is_recorded_unless_asked_for_and_possible(pretended: list[PretendGraphs]) -> None:
    plain = current_graphs()
    with replaying(False, torch.device("cpu")):
        assert current_graphs() is plain
    with replaying(True, torch.device("meta")):
        assert current_graphs() is plain
    assert pretended == []
    with replaying(True, torch.device("cpu")):
        assert current_graphs() is not plain
    assert current_graphs() is plain
    assert set(graphed.RECORDERS) == {"cpu", "cuda"}  # the CPU's is this file's
