"""What the networks cost on the card of this machine, in under eight minutes.

    python benchmarks/gpu.py [--device cuda:0] [--minutes 8]

The card, and how far each network's loss on it is from the CPU's; whether a training repeats and resumes at
its checkpoint bit for bit, with CUDA graphs too; a training step of each published network in every precision
beside its matrix products alone, with its launches, and with CUDA graphs where a network has them; spectra by
CholeskyQR2 and by Householder; candidates an hour with 1, 4 and 16 processes on the card. What there is no
time for is named. Exit status 1 if bits differ.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune import accelerators, lyapunov
from hyperprune.corpora import CorpusConfig
from hyperprune.executors import Workers, make_executor
from hyperprune.lyapunov.recursion import strand
from hyperprune.lyapunov.recursion.frames import make_frame
from hyperprune.models import MODELS, LanguageModel
from hyperprune.models.layers.graphed import replaying
from hyperprune.optim import build
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.tasks.precision import training_format
from hyperprune.tasks.text.language_batches import batches
from hyperprune.training import TrainingJob
from hyperprune.training import run_job as train
from hyperprune.training.entry_points import TRAIN
from hyperprune.training.stored.checkpoint import path as weights_path
from network_step import LINES, Line, Training

PUBLISHED = ("ptb-lstm", "ptb-rhn", "wt2-mos", "ptb-on-lstm")
GRAPHED = ("rhn", "on-lstm")  # kinds whose loops run as CUDA graphs if that is asked for
STARTS = ("cudaLaunchKernel", "cuLaunchKernel", "cudaGraphLaunch")
STEPS = 5


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


def seconds(action: Callable[[], object], times: int = STEPS) -> float:
    """Median time of a call, the device's work included."""
    action()
    found = []
    for _ in range(times):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        action()
        torch.cuda.synchronize()
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


class Step:
    """A training step of a published network on the card."""

    def __init__(self, line: Line, device: torch.device) -> None:
        plain = Training(line)
        self.recipe, self.slices, self.stages = plain.recipe, plain.slices, plain.stages(line)
        self.network: nn.Module = plain.model.to(device)
        self.tokens = plain.tokens.to(device)
        self.device = device
        self.optimizer = build("sgd", self.network, lr=1e-3, weight_decay=self.recipe.weight_decay)

    def in_precision(self, precision: Any) -> Callable[[], None]:
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


def steps(device: torch.device, clock: Clock) -> None:
    """Step times, floors and launches."""
    print(
        "\n| network | precision | graphs | step ms | products ms | ratio | launches a step | device busy |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in PUBLISHED:
        if not clock.left(45, name):
            continue
        line = next(one for one in LINES if one.name == name)
        step = Step(line, device)
        floor = seconds(step.products())
        for graphs in (False, True) if name.removeprefix("ptb-") in GRAPHED else (False,):
            for precision in ("float32", "tf32", "bfloat16"):
                if graphs and not clock.left(20, f"{name}, {precision}, with graphs"):
                    continue
                action = step.in_precision(precision)
                with replaying(graphs, device, often=1):
                    took = seconds(action)
                    launches, busy = profiled(action)
                print(
                    f"| {name} | {precision} | {'yes' if graphs else 'no'} | {took * 1e3:.1f} "
                    f"| {floor * 1e3:.1f} | {took / floor:.2f} | {launches} | {busy / took:.0%} |",
                    flush=True,
                )
        del step
        torch.cuda.empty_cache()


def profiled(action: Callable[[], object]) -> tuple[int, float]:
    """Launches of one call, a graph being one, and the seconds that its kernels took."""
    activities = [torch.profiler.ProfilerActivity.CUDA, torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities) as found:
        action()
        torch.cuda.synchronize()
    events = list(found.events())
    kernels = [e for e in events if e.device_type == torch.autograd.DeviceType.CUDA]
    return sum(e.name.startswith(STARTS) for e in events), sum(e.device_time for e in kernels) / 1e6


def spectra(device: torch.device, clock: Clock) -> None:
    """Both ways of the QR, their times and how far apart their numbers are."""
    print("\n| LSTM layer | CholeskyQR2 ms a step | Householder ms a step | largest difference |")
    print("| --- | --- | --- | --- |")
    ways = {"cholesky": strand.frame_for, "householder": make_frame}
    for hidden in (200, 650, 1500):
        if not clock.left(30, f"spectra of {hidden} units"):
            continue
        torch.manual_seed(0)
        layer, inputs = nn.LSTM(hidden, hidden).to(device), torch.randn(8, 5, hidden, device=device)
        times, numbers = [], []
        for way in ways.values():
            strand.frame_for = way
            numbers.append(lyapunov.spectrum(layer, inputs, state="hidden", warmup=2).exponents)
            action = lambda: lyapunov.spectrum(layer, inputs, state="hidden", warmup=2)  # noqa: E731, B023
            times.append(seconds(action, 1) / len(inputs))
        strand.frame_for = ways["cholesky"]
        apart = float((numbers[0] - numbers[1]).abs().max())
        print(f"| {hidden} | {times[0] * 1e3:.1f} | {times[1] * 1e3:.1f} | {apart:.1e} |", flush=True)


def job(
    folder: Path, kind: str, device: str, until: int, hidden: int = 200, graphs: bool = False
) -> TrainingJob:
    """A pruned network on the text that comes with the package's standard library source."""
    return TrainingJob(
        label=folder.name,
        folder=folder,
        task=TextTask(
            corpus=CorpusConfig(max_train_tokens=60_000, max_evaluation_tokens=4000, max_vocabulary=2000),
            model=MODELS[kind](embedding=hidden, hidden=hidden),
        ),
        recipe=Recipe(epochs=2, learning_rate=5.0, optimizer="snt-asgd"),
        spectrum=SpectrumConfig(batch=2, steps=5, warmup=1),
        variant=PruningVariant(density=0.33, death_rate=0.5, update_interval="epoch"),
        until=until,
        device=device,
        cuda_graphs=graphs,
    )


def together(device: str, clock: Clock) -> None:
    """Candidates an hour by the number of processes on one card."""
    print("\n| processes | candidates | s | candidates an hour |")
    print("| --- | --- | --- | --- |")
    for workers in (1, 4, 16):
        if not clock.left(60, f"{workers} processes"):
            continue
        executor = make_executor("processes", Workers(count=workers, device=device), lambda _: None)
        with tempfile.TemporaryDirectory() as folder:
            count = max(2, executor.workers)
            warm = [
                job(Path(folder) / f"warm{n}", "stacked-lstm", device, 1) for n in range(executor.workers)
            ]
            _done(executor, warm)
            begin = time.perf_counter()
            _done(executor, [job(Path(folder) / str(n), "stacked-lstm", device, 1) for n in range(count)])
            took = time.perf_counter() - begin
        executor.close()
        print(f"| {executor.workers} | {count} | {took:.1f} | {3600 * count / took:.0f} |", flush=True)


def _done(executor: Any, jobs: list[TrainingJob]) -> None:
    for future in [executor.submit(TRAIN, one.model_dump(mode="json")) for one in jobs]:
        future.result()


def bits(device: str, clock: Clock) -> bool:
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
                    train(job(Path(folder) / name, kind, device, until, hidden=64, graphs=graphs))
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
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("this machine has no CUDA device: nothing to measure")
        return 0
    device, clock = torch.device(options.device), Clock(options.minutes)
    with accelerators.repeatable(device):
        known = {**accelerators.versions_of(options.device), "torch": torch.__version__}
        print(f"{torch.cuda.get_device_name(device)}: {known}")
        print(f"\nloss on the card and on the CPU differ by: {', '.join(fits(device))}")
        alright = bits(options.device, clock)
        steps(device, clock)
        spectra(device, clock)
        together(options.device, clock)
    return 0 if alright else 1


if __name__ == "__main__":
    sys.exit(main())
