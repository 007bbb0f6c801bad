"""What a network weighs, how much it computes, and how long it takes here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from hyperprune.export.accounting.counting import Counted, Row, counted
from hyperprune.export.accounting.stored import ACCOUNT, read_account
from hyperprune.export.smaller import without_dead_units
from hyperprune.export.subject import Source, Subject, subject_of
from hyperprune.inference.account import account
from hyperprune.inference.build import BuildError
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.description import CONFIG
from hyperprune.inference.folder import read_folder
from hyperprune.inference.kernels import Engine, Kernels
from hyperprune.inference.layouts import DENSE
from hyperprune.inference.load import engine_for, load_pretrained
from hyperprune.inference.pack import pack
from hyperprune.inference.plain import Matrix, PlainNetwork
from hyperprune.inference.timing import Timed, Timing, engine_runs, module_runs, timed
from hyperprune.sparsity.parameters.gates import gates_of
from hyperprune.sparsity.parameters.uses import uses

_TORCH = "torch float32"


@dataclass(frozen=True)
class Profile(Counted):
    """The account of a network.

    Attributes:
        disk: bytes of its weights in the smallest form of an export; of an export, of its own file.
        dense_disk: of the dense network in float32.
        memory: bytes of the weights as each engine keeps them.
        kernels: how each matrix is kept when it runs, and why, by engine.
        timings: of each engine on this machine; empty where none were asked for.
    """

    disk: int
    dense_disk: int
    memory: dict[str, int]
    kernels: dict[str, str]
    timings: dict[str, Timing]


def profile(
    source: Source,
    *,
    candidate: int | None = None,
    dense: bool = False,
    task: str | None = None,
    inputs: Any = None,
    time: bool = True,
    rounds: int = 9,
) -> Profile:
    """Weights, densities, multiply-adds, bytes, and times beside the dense network, the decoder included.

    Times are medians of runs that take turns, with as many threads as torch has. A network that has no
    kernels, such as a recurrent highway network, is measured on torch, where pruned weights take the time of
    live ones.

    Args:
        source: a run folder, a checkpoint, a module, or an exported folder. One of the format ``c`` or
            ``onnx`` says what it holds and is not measured: its own program or runtime runs it.
        candidate: of a search; the selected one if left out.
        dense: the dense reference of a search.
        task: for a network of a task of your own, its name again.
        inputs: for a module, its argument, or a tuple of several; guessed where it can be.
        time: whether to measure times.
        rounds: how often each engine is measured.

    Raises:
        CheckpointError: there is no such network, or it is damaged.
        ExportError: the exported folder is damaged, or of a class that is not ours.
    """
    rounds = rounds if time else 0
    if isinstance(source, str | Path):
        folder = Path(source).expanduser()
        if (folder / CONFIG).is_file():
            return _of_export(folder, rounds)
        if (folder / ACCOUNT).is_file():
            return _of_stored(folder)
    subject = subject_of(source, candidate=candidate, dense=dense, task=task, inputs=inputs)
    traced = subject.traced()
    if traced.names is None:
        return _of_module(subject, traced.why, rounds)
    smaller, cut = without_dead_units(subject, traced)
    return _of_plain(subject.plain(traced), _disk(smaller), rounds, smaller.plain(cut))


def speeds(sources: Mapping[str, Path], task: str | None, rounds: int = 9) -> dict[str, Timing]:
    """Latency and throughput of several networks, in turn, each as ``inference.load`` would run it.

    Args:
        sources: checkpoints by name; the others are compared with the first.
        task: of networks of a task of your own, its name again.
        rounds: how often each is measured.

    Returns:
        By name; without those whose inputs are not known.
    """
    runs: dict[str, Timed] = {}
    for name, path in sources.items():
        subject = subject_of(path, task=task)
        subject, traced = without_dead_units(subject, subject.traced())
        if traced.names is not None:
            network = subject.plain(traced)
            runs[name] = engine_runs(network, engine_for(network)[0])
        elif subject.vocabulary is not None:
            runs[name] = module_runs(subject.network, len(subject.vocabulary))
    return timed(runs, rounds) if runs else {}


def _of_export(folder: Path, rounds: int) -> Profile:
    """Of a folder of the format torch or hub."""
    exported = read_folder(folder)
    size, network = exported.weights_path.stat().st_size, exported.plain()
    if network is not None:
        return _of_plain(network, size, rounds)
    masks = {name: matrix.live for name, matrix in exported.matrices.items()}
    vocabulary = exported.description.vocabulary
    subject = Subject(load_pretrained(folder), masks, None, real=False, vocabulary=vocabulary)
    why = f"{exported.description.network} is not made of LSTM, GRU or tanh layers alone"
    return replace(_of_module(subject, why, rounds), disk=size)


def _of_stored(folder: Path) -> Profile:
    """Of a folder of the format c or onnx, by what stands in it."""
    stored = read_account(folder)
    return Profile(
        **vars(stored.counts),
        disk=stored.bytes,
        dense_disk=4 * stored.weights,
        memory={stored.format: stored.bytes},
        kernels={stored.format: "not measured: profile the run for times of the same kernels"},
        timings={},
    )


def _of_plain(network: PlainNetwork, disk: int, rounds: int, smaller: PlainNetwork | None = None) -> Profile:
    """Of a network that the kernels run; ``smaller`` is what an export makes of it."""
    engines, kernels, memory = _engines(network, smaller or network)
    runs = {
        name: engine_runs(smaller if smaller and name.startswith("pruned") else network, engine)
        for name, engine in engines.items()
    }
    counts = counted(network)
    return Profile(
        **vars(counts),
        disk=disk,
        dense_disk=4 * counts.weights,
        memory=memory,
        kernels=kernels,
        timings=timed(runs, rounds) if rounds else {},
    )


def _of_module(subject: Subject, why: str, rounds: int) -> Profile:
    """Of a network that torch alone runs."""
    network, (kept, _) = subject.network, subject.parameters()
    used = uses(network)
    matrices = subject.matrices({name: gates for name, (_, gates) in used.items()})
    found = account(kept, {name: matrix.live for name, matrix in matrices.items()}, used)
    weights = sum(value.numel() for value in kept.values())
    dead = sum(matrix.weight.numel() - matrix.count for matrix in matrices.values())
    known = subject.vocabulary is not None
    runs = {_TORCH: module_runs(network, len(subject.vocabulary or ()))} if known else {}
    unknown = "" if known else "; not measured: what its inputs look like is not known"
    return Profile(
        rows=_rows_of_module(network, matrices),
        live=weights - dead,
        weights=weights,
        multiply_adds=found.multiply_adds,
        dense_multiply_adds=found.dense_multiply_adds,
        disk=found.bytes,
        dense_disk=found.dense_bytes,
        memory={_TORCH: found.dense_bytes},
        kernels={_TORCH: f"pruned and dense take the same time: {why}{unknown}"},
        timings=timed(runs, rounds) if rounds and runs else {},
    )


def _disk(subject: Subject) -> int:
    """Bytes of the weights in the smallest form of an export."""
    used, (kept, _) = uses(subject.network), subject.parameters()
    matrices = subject.matrices({})
    return account(kept, {name: matrix.live for name, matrix in matrices.items()}, used).bytes


def _rows_of_module(network: nn.Module, matrices: dict[str, Matrix]) -> tuple[Row, ...]:
    """Live weights by parameter and gate."""
    known, rows = gates_of(network), []
    own = {name: known.get(value) for name, value in network.named_parameters()}
    for name, matrix in matrices.items():
        found = own.get(name)
        gates = (("", matrix.weight.shape[0]),) if found is None else found.rows
        for (gate, _), part in zip(gates, matrix.live.split([count for _, count in gates]), strict=True):
            rows.append(Row(name, gate if len(gates) > 1 else "", int(part.sum()), part.numel()))
    return tuple(rows)


def _engines(
    network: PlainNetwork, smaller: PlainNetwork
) -> tuple[dict[str, Engine], dict[str, str], dict[str, int]]:
    """What is measured: torch on the dense network first, then our kernels, sparse and dense."""
    by_hand = ByHand(network, "the dense network by torch's own products")
    engines: dict[str, Engine] = {"dense, torch float32": by_hand}
    kernels = {"dense, torch float32": by_hand.why}
    memory = {"dense, torch float32": by_hand.nbytes}
    for name, int8, layout in (
        ("dense, C float32", False, DENSE),
        ("dense, C int8", True, DENSE),
        ("pruned, C float32", False, None),
        ("pruned, C int8", True, None),
    ):
        packed = pack(network if layout else smaller, int8=int8, layout=layout)
        memory[name] = len(packed.data)
        try:
            engines[name] = Kernels(packed.data)
        except BuildError as error:
            kernels[name] = f"not measured: {error}"
            continue
        kept = sorted({choice.layout.name for choice in packed.choices.values()})
        kernels[name] = f"kept as {', '.join(kept)}"
        if layout is None and smaller.units != network.units:
            kernels[name] += f", {sum(smaller.units):,} of {sum(network.units):,} units"
    return engines, kernels, memory
