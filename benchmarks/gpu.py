"""What the networks cost on the card of this machine, in under eight minutes.

    python benchmarks/gpu.py [--device cuda:0] [--minutes 8] [--rehearse]

The card, and how far each network's loss on it is from the CPU's; whether a training repeats and resumes at
its checkpoint bit for bit, with CUDA graphs too; a training step of each published network in every precision
beside its matrix products alone, with its launches, and with CUDA graphs where a network has them; spectra by
CholeskyQR2 and by Householder; candidates an hour with 1, 4 and 16 processes on the card. What there is no
time for is named. Exit status 1 if bits differ.

``--rehearse`` does the same with small networks on the CPU, to see that the script runs before a card is paid
for. The bits count there too; the times mean nothing, and there are no graphs and no launches.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent

from hyperprune import accelerators, lyapunov
from hyperprune.corpora import CorpusConfig
from hyperprune.errors import ConfigurationError
from hyperprune.executors import Workers, make_executor
from hyperprune.lyapunov.recursion import strand
from hyperprune.lyapunov.recursion.cholesky_frame import CholeskyFrame
from hyperprune.lyapunov.recursion.frames import make_frame
from hyperprune.models import MODELS, LanguageModel
from hyperprune.models.layers.graphed import replaying
from hyperprune.optim import build
from hyperprune.search.config.presets import preset
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.tasks.precision import Precision, check_card, training_format
from hyperprune.tasks.text.language_batches import batches
from hyperprune.training import TrainingJob
from hyperprune.training import run_job as train
from hyperprune.training.entry_points import TRAIN
from hyperprune.training.stored.checkpoint import path as weights_path
from network_step import LINES, Line, Training

GRAPHED = ("rhn", "on-lstm")  # kinds whose loops run as CUDA graphs if that is asked for
STARTS = ("cudaLaunchKernel", "cuLaunchKernel", "cudaGraphLaunch")
STEPS = 5


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    Attributes:
        presets: networks whose steps are timed.
        precisions: the number formats of their steps.
        layers: units of the LSTM layers whose spectra are computed.
        compared: units of the networks whose runs are compared bit for bit.
        candidate: units of the networks that train side by side.
        tokens: of the text that all of these train on.
        processes: how many train at the same time.
    """

    presets: tuple[str, ...] = ("ptb-lstm", "ptb-rhn", "wt2-mos", "ptb-on-lstm")
    precisions: tuple[Precision, ...] = ("float32", "tf32", "bfloat16")
    layers: tuple[int, ...] = (200, 650, 1500)
    compared: int = 64
    candidate: int = 200
    tokens: int = 60_000
    processes: tuple[int, ...] = (1, 4, 16)


CARD = Sizes()
REHEARSAL = Sizes(
    presets=("ptb-lstm-small", "ptb-rhn-small", "wt2-mos-small", "ptb-on-lstm-small"),
    precisions=("float32", "bfloat16"),
    layers=(20,),
    compared=16,
    candidate=20,
    tokens=2000,
    processes=(1, 2),
)


class Clock:
    """The time that is left."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    def left(self, needed: float, what: str) -> bool:
        """Whether ``needed`` seconds are left; says so if not."""
        if time.monotonic() + needed < self._end:
            return True
        print(f"\n{what}: left out, no time", flush=True)
        return False


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(action: Callable[[], object], device: torch.device, times: int = STEPS) -> float:
    """Median time of a call, the device's work included."""
    action()
    found = []
    for _ in range(times):
        wait(device)
        begin = time.perf_counter()
        action()
        wait(device)
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


class Step:
    """A training step of a preset's network on the device."""

    def __init__(self, line: Line, device: torch.device) -> None:
        plain = Training(line)
        self.recipe, self.slices, self.stages = plain.recipe, plain.slices, plain.stages(line)
        self.network: nn.Module = plain.model.to(device)
        self.tokens = plain.tokens.to(device)
        self.device = device
        self.optimizer = build("sgd", self.network, lr=1e-3, weight_decay=self.recipe.weight_decay)

    def in_precision(self, precision: Precision) -> Callable[[], None]:
        """Forward, loss, backward, clip, optimiser."""

        def step() -> None:
            inside: AbstractContextManager[Any] = training_format(precision, self.device)
            (batch,) = batches(self.network, self.tokens, self.recipe, torch.Generator())
            self.optimizer.zero_grad(set_to_none=True)
            with inside:
                batch.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
            self.optimizer.step()

        return step

    def products(self) -> Callable[[], None]:
        """The matrix products of a step alone, in float32."""
        stages = [
            (s.times, [tuple(t.to(self.device) for t in p.operands()) for p in s.products])
            for s in self.stages
        ]

        def multiply() -> None:
            for times, operands in stages * self.slices:
                for _ in range(times):
                    for left, right, out in operands:
                        torch.mm(left, right, out=out)

        return multiply


def steps(sizes: Sizes, device: torch.device, clock: Clock) -> None:
    """Step times, floors and launches."""
    print(
        "\n| network | precision | graphs | step ms | products ms | ratio | launches a step | device busy |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sizes.presets:
        if not clock.left(45, name):
            continue
        line = next(one for one in LINES if one.name == name)
        step = Step(line, device)
        floor = took = seconds(step.products(), device)
        for graphs in (False, True) if preset(name)["model"]["kind"] in GRAPHED else (False,):
            for precision in (one for one in sizes.precisions if has(one, device)):
                # a first call, the timed ones and the profiled one
                said = f"{name}, {precision}{', with graphs' if graphs else ''}"
                if not clock.left((STEPS + 2) * took + (20 if graphs else 2), said):
                    continue
                action = step.in_precision(precision)
                with replaying(graphs, device, often=1):
                    took = seconds(action, device)
                    launches, busy = counted(profiled(action, device))
                print(
                    f"| {name} | {precision} | {'yes' if graphs else 'no'} | {took * 1e3:.1f} "
                    f"| {floor * 1e3:.1f} | {took / floor:.2f} | {launches} | {busy / took:.0%} |",
                    flush=True,
                )
        del step
        torch.cuda.empty_cache()


def has(precision: Precision, device: torch.device) -> bool:
    """Whether the device computes in this format, as every card of recent years does."""
    try:
        check_card(precision, device)
    except ConfigurationError:
        return False
    return True


def profiled(action: Callable[[], object], device: torch.device) -> list[FunctionEvent]:
    """What happened in one call, on the host and on the card."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as found:
        action()
        wait(device)
    return list(found.events())


def counted(events: Iterable[FunctionEvent]) -> tuple[int, float]:
    """Launches, a graph being one, and the seconds that the card worked.

    A label that the host gives to a part of its work, as an optimiser does to its step, appears among the
    card's events once more, as long as all that was started in it: that is no work.
    """
    events = list(events)
    on_card = [e for e in events if e.device_type == DeviceType.CUDA and not e.is_user_annotation]
    return sum(e.name.startswith(STARTS) for e in events), sum(e.device_time for e in on_card) / 1e6


def spectra(sizes: Sizes, device: torch.device, clock: Clock) -> None:
    """Both ways of the QR, their times and how far apart their numbers are."""
    print("\n| LSTM layer | CholeskyQR2 ms a step | Householder ms a step | largest difference |")
    print("| --- | --- | --- | --- |")
    usual = strand.frame_for
    ways = (lambda start, transposed, identity, _: CholeskyFrame(start, transposed, identity), make_frame)
    for hidden in sizes.layers:
        if not clock.left(30, f"spectra of {hidden} units"):
            continue
        torch.manual_seed(0)
        layer, inputs = nn.LSTM(hidden, hidden).to(device), torch.randn(8, 5, hidden, device=device)
        times, numbers = [], []
        for way in ways:
            strand.frame_for = way
            numbers.append(lyapunov.spectrum(layer, inputs, state="hidden", warmup=2).exponents)
            action = lambda: lyapunov.spectrum(layer, inputs, state="hidden", warmup=2)  # noqa: E731, B023
            times.append(seconds(action, device, 1) / len(inputs))
        strand.frame_for = usual
        apart = float((numbers[0] - numbers[1]).abs().max())
        print(f"| {hidden} | {times[0] * 1e3:.1f} | {times[1] * 1e3:.1f} | {apart:.1e} |", flush=True)


def job(
    folder: Path, kind: str, device: str, until: int, *, hidden: int, tokens: int, graphs: bool = False
) -> TrainingJob:
    """A pruned network on the text that comes with the package's standard library source."""
    return TrainingJob(
        label=folder.name,
        folder=folder,
        task=TextTask(
            corpus=CorpusConfig(max_train_tokens=tokens, max_evaluation_tokens=4000, max_vocabulary=2000),
            model=MODELS[kind](embedding=hidden, hidden=hidden),
        ),
        recipe=Recipe(epochs=2, learning_rate=5.0, optimizer="snt-asgd"),
        spectrum=SpectrumConfig(batch=2, steps=5, warmup=1),
        variant=PruningVariant(density=0.33, death_rate=0.5, update_interval="epoch"),
        until=until,
        device=device,
        cuda_graphs=graphs,
    )


def together(sizes: Sizes, device: str, clock: Clock) -> None:
    """Candidates an hour by the number of processes on one card."""
    print("\n| processes | candidates | s | candidates an hour |")
    print("| --- | --- | --- | --- |")
    for workers in sizes.processes:
        if not clock.left(60, f"{workers} processes"):
            continue
        executor = make_executor("processes", Workers(count=workers, device=device), lambda _: None)
        count = max(2, executor.workers)
        with tempfile.TemporaryDirectory() as folder:

            def candidate(name: str, folder: Path = Path(folder)) -> TrainingJob:
                small = {"hidden": sizes.candidate, "tokens": sizes.tokens}
                return job(folder / name, "stacked-lstm", device, 1, **small)

            _done(executor, [candidate(f"warm{n}") for n in range(executor.workers)])
            begin = time.perf_counter()
            _done(executor, [candidate(str(n)) for n in range(count)])
            took = time.perf_counter() - begin
        executor.close()
        print(f"| {executor.workers} | {count} | {took:.1f} | {3600 * count / took:.0f} |", flush=True)


def _done(executor: Any, jobs: list[TrainingJob]) -> None:
    for future in [executor.submit(TRAIN, one.model_dump(mode="json")) for one in jobs]:
        future.result()


def bits(sizes: Sizes, device: str, clock: Clock) -> bool:
    """Whether runs repeat, and resume at a checkpoint, bit for bit; with CUDA graphs too where there are."""
    print("\n| network | the same again | resumed | with graphs | with graphs, resumed |")
    print("| --- | --- | --- | --- | --- |")
    alright = True
    for kind in MODELS:
        if not clock.left(25, f"bits of {kind}"):
            continue
        runs = {"once": ((2,), False), "again": ((2,), False), "resumed": ((1, 2), False)}
        if kind in GRAPHED:
            runs |= {"graphs": ((2,), True), "graphs, resumed": ((1, 2), True)}
        with tempfile.TemporaryDirectory() as folder:
            for name, (stages, graphs) in runs.items():
                for until in stages:
                    small = {"hidden": sizes.compared, "tokens": sizes.tokens}
                    train(job(Path(folder) / name, kind, device, until, **small, graphs=graphs))
            once, *others = (weights_path(Path(folder) / name, 2).read_bytes() for name in runs)
        alright = alright and all(other == once for other in others)
        said = ["yes" if other == once else "NO" for other in others]
        print(f"| {kind} | {' | '.join([*said, '-', '-'][:4])} |", flush=True)
    return alright


def fits(device: torch.device) -> Iterator[str]:
    """Numbers of the card against those of the CPU, for each network: the first thing that can be wrong."""
    for kind in MODELS:
        torch.manual_seed(0)
        network = MODELS[kind](embedding=32, hidden=32).build(50).eval()
        assert isinstance(network, LanguageModel)
        tokens: Tensor = torch.randint(50, (2, 9, 4))
        with torch.no_grad():
            expected = float(network.window_loss(*tokens).objective)
            found = float(network.to(device).window_loss(*tokens.to(device)).objective)
        yield f"{kind} {abs(found - expected):.0e}"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--rehearse", action="store_true", help="small networks on the CPU")
    options = parser.parse_args()
    sizes, name = (REHEARSAL, "cpu") if options.rehearse else (CARD, options.device)
    if not (options.rehearse or torch.cuda.is_available()):
        print("this machine has no CUDA device: nothing to measure; --rehearse runs the script on the CPU")
        return 0
    device, clock = torch.device(name), Clock(options.minutes)
    with accelerators.repeatable(device):
        known = {**accelerators.versions_of(name), "torch": torch.__version__}
        card = "rehearsal on the CPU" if options.rehearse else torch.cuda.get_device_name(device)
        print(f"{card}: {known}")
        print(f"\nloss on the device and on the CPU differ by: {', '.join(fits(device))}")
        alright = bits(sizes, name, clock)
        steps(sizes, device, clock)
        spectra(sizes, device, clock)
        together(sizes, name, clock)
    return 0 if alright else 1


if __name__ == "__main__":
    sys.exit(main())
