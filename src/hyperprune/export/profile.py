"""What a network weighs, how much it computes, and how long it takes here."""

from dataclasses import dataclass
from pathlib import Path

from hyperprune.errors import ConfigurationError
from hyperprune.export.subject import Source, subject_of
from hyperprune.inference.build import BuildError
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.compact import compacted
from hyperprune.inference.description import CONFIG
from hyperprune.inference.folder import read_folder
from hyperprune.inference.kernels import Engine, Kernels
from hyperprune.inference.layouts import DENSE
from hyperprune.inference.pack import pack
from hyperprune.inference.plain import GATES, Matrix, PlainNetwork
from hyperprune.inference.timing import Timing, timed


@dataclass(frozen=True)
class Row:
    """One matrix, or one gate of it.

    Attributes:
        matrix: its name.
        gate: which, or empty for a matrix without gates.
        live: weights that live.
        weights: all.
    """

    matrix: str
    gate: str
    live: int
    weights: int

    @property
    def density(self) -> float:
        """Live share."""
        return self.live / self.weights


@dataclass(frozen=True)
class Profile:
    """The account of a network.

    Attributes:
        rows: by matrix and gate.
        live: weights that live, biases included.
        weights: all, biases included.
        multiply_adds: a token, of live weights; looking up a token takes none.
        dense_multiply_adds: of all weights.
        disk: bytes of its weights in the smallest form of an export; of an export, of its own file.
        dense_disk: of the dense network in float32.
        memory: bytes of the weights as each engine keeps them.
        kernels: how each matrix is kept when it runs, and why, by engine.
        timings: of each engine on this machine; empty where none were asked for.
    """

    rows: tuple[Row, ...]
    live: int
    weights: int
    multiply_adds: int
    dense_multiply_adds: int
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
    time: bool = True,
    rounds: int = 9,
) -> Profile:
    """Weights, densities, multiply-adds, bytes, and times beside the dense network, the decoder included.

    Times are medians of runs that take turns, with as many threads as torch has.

    Args:
        source: a run folder, a checkpoint, a module, or an exported folder (``torch`` or ``hub``).
        candidate: of a search; the selected one if left out.
        dense: the dense reference of a search.
        task: for a network of a task of your own, its name again.
        time: whether to measure times.
        rounds: how often each engine is measured.

    Raises:
        ConfigurationError: the network is not made of LSTM, GRU or tanh layers, a decoder and an embedding.
        CheckpointError: there is no such network, or it is damaged.
        ExportError: the exported folder is damaged.
    """
    network, disk = _network(source, candidate, task, dense=dense)
    engines, kernels, memory = _engines(network)
    return Profile(
        rows=rows_of(network),
        live=_biases(network) + sum(matrix.count for matrix in network.matrices().values()),
        weights=_biases(network) + sum(m.weight.numel() for m in network.matrices().values()),
        multiply_adds=sum(matrix.count for matrix in _multiplied(network)),
        dense_multiply_adds=sum(matrix.weight.numel() for matrix in _multiplied(network)),
        disk=disk,
        dense_disk=4 * (_biases(network) + sum(m.weight.numel() for m in network.matrices().values())),
        memory=memory,
        kernels=kernels,
        timings=timed(network, engines, rounds) if time else {},
    )


def rows_of(network: PlainNetwork) -> tuple[Row, ...]:
    """Live weights by matrix and gate."""
    rows = []
    for name, matrix in network.matrices().items():
        gates = GATES[network.kind] if name.startswith("layer") else ("",)
        for gate, part in zip(gates, matrix.live.chunk(len(gates)), strict=True):
            rows.append(Row(name, gate if len(gates) > 1 else "", int(part.sum()), part.numel()))
    return tuple(rows)


def _network(
    source: Source, candidate: int | None, task: str | None, *, dense: bool
) -> tuple[PlainNetwork, int]:
    """The plain network and the bytes of its weights on disk."""
    if isinstance(source, str | Path) and (Path(source).expanduser() / CONFIG).is_file():
        exported = read_folder(Path(source).expanduser())
        network = exported.plain()
        if network is None:
            raise ConfigurationError(
                f"a profile is of LSTM, GRU and tanh networks, got {exported.description.network}: see the "
                "README of the export for its weights"
            )
        return network, exported.weights_path.stat().st_size
    subject = subject_of(source, candidate=candidate, dense=dense, task=task)
    network = subject.plain(subject.traced())
    stored = [compacted(name, matrix)[1] for name, matrix in network.matrices().items()]
    kept = sum(t.numel() * t.element_size() for tensors in stored for t in tensors.values())
    return network, kept + 4 * _biases(network)


def _engines(network: PlainNetwork) -> tuple[dict[str, Engine], dict[str, str], dict[str, int]]:
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
        packed = pack(network, int8=int8, layout=layout)
        memory[name] = len(packed.data)
        try:
            engines[name] = Kernels(packed.data)
        except BuildError as error:
            kernels[name] = f"not measured: {error}"
            continue
        kept = sorted({choice.layout.name for choice in packed.choices.values()})
        kernels[name] = f"kept as {', '.join(kept)}"
    return engines, kernels, memory


def _multiplied(network: PlainNetwork) -> list[Matrix]:
    """The matrices of products; an embedding is only looked up, unless it decodes too."""
    found = [matrix for layer in network.layers for matrix in (layer.input, layer.recurrent)]
    return found if network.decoder is None else [*found, network.decoder.matrix]


def _biases(network: PlainNetwork) -> int:
    found = sum(layer.bias_ih.numel() + layer.bias_hh.numel() for layer in network.layers)
    return found + (0 if network.decoder is None else network.decoder.bias.numel())
