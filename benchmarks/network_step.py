"""A training step of every network beside its matrix products timed alone.

    python benchmarks/network_step.py [--threads 1] [--pairs 7] [--precision bfloat16] [PRESET ...]

A step is what training does for one window of text: forward, loss, backward, clipping and the optimiser,
with the network, dropout, penalties, batch and window of a preset, on random tokens. Its products alone are
those that no implementation with dense matrices can leave out, at their real shapes and in the layouts that
training has, each matrix with memory of its own, and nothing around them:

* for a linear map of all time steps at once (input projections, decoder): the map, the gradient of its input
  and that of its weights;
* for a recurrence: at each step the product of every matrix with the state, the same backwards for the
  gradient of the state, and for each matrix one product over all time steps for the gradient of its weights.

An embedding is a look-up and counts as nothing. Step and products take turns in one run; the ratio is the
median over the pairs. A network at its published size may take 1.3 times its products; of the small ones,
whose products are so short that the calls between them show, the ratio is only reported. With another
``--precision`` the step in it stands beside the step in float32 in place of the products; no bound holds.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hyperprune.models import ModelConfig, known_keys
from hyperprune.optim import build
from hyperprune.search.config.presets import preset
from hyperprune.sparsity.optimizers.clip import clip_all
from hyperprune.tasks.precision import Precision, training_format
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.text.language_batches import batches
from timing import CLOCKS, alternate

BOUND = 1.3


@dataclass(frozen=True)
class Product:
    """A product of ``(rows, inner)`` and ``(inner, columns)``.

    ``kind`` gives the layout, for a matrix W stored ``(out, in)``: ``forward`` (x W'), ``back`` (g W) or
    ``weights`` (g' x).
    """

    kind: str
    rows: int
    inner: int
    columns: int

    def operands(self) -> tuple[Tensor, Tensor, Tensor]:
        """Random factors, and where the result goes."""
        left, right = torch.randn(self.rows, self.inner), torch.randn(self.inner, self.columns)
        if self.kind == "forward":
            right = right.mT.contiguous().mT
        if self.kind == "weights":
            left = left.mT.contiguous().mT
        return left, right, torch.empty(self.rows, self.columns)


@dataclass(frozen=True)
class Stage:
    """Products that follow one another, all of them ``times`` times."""

    products: tuple[Product, ...]
    times: int = 1

    @property
    def flops(self) -> float:
        """Multiplications and additions."""
        return 2.0 * self.times * sum(p.rows * p.inner * p.columns for p in self.products)


def linear(rows: int, features: int, out: int) -> Iterator[Stage]:
    """A linear map of ``rows`` vectors."""
    yield Stage((Product("forward", rows, features, out),))
    yield Stage((Product("back", rows, out, features),))
    yield Stage((Product("weights", out, rows, features),))


def recurrence(time: int, batch: int, hidden: int, out: int, matrices: int = 1) -> Iterator[Stage]:
    """Matrices that the state passes one after the other at each of ``time`` steps."""
    yield Stage((Product("forward", batch, hidden, out),) * matrices, time)
    yield Stage((Product("back", batch, out, hidden),) * matrices, time)
    yield Stage((Product("weights", out, time * batch, hidden),) * matrices)


def highway(model: nn.Module, time: int, batch: int) -> Iterator[Stage]:
    """Products of an RHN."""
    layer = model.recurrent
    rows = layer.weight_ih.shape[0]
    yield from linear(time * batch, layer.features, rows)
    yield from recurrence(time, batch, layer.hidden_size, rows, layer.depth)
    yield from decoder(model, time, batch)


def ordered(model: nn.Module, time: int, batch: int) -> Iterator[Stage]:
    """Products of an ON-LSTM."""
    for layer in model.recurrent:
        rows = layer.weight_ih.shape[0]
        yield from linear(time * batch, layer.features, rows)
        yield from recurrence(time, batch, layer.hidden_size, rows)
    yield from decoder(model, time, batch)


def torch_layers(model: nn.Module, time: int, batch: int) -> Iterator[Stage]:
    """Products of recurrent modules of torch, one with several layers or a list of one each."""
    parts = model.recurrent if isinstance(model.recurrent, nn.ModuleList) else [model.recurrent]
    for name, weight in (pair for part in parts for pair in part.named_parameters()):
        rows, columns = weight.shape[0], weight.shape[-1]
        if name.startswith("weight_ih"):
            yield from linear(time * batch, columns, rows)
        elif name.startswith("weight_hh"):
            yield from recurrence(time, batch, columns, rows)


def stacked(model: nn.Module, time: int, batch: int) -> Iterator[Stage]:
    """Products of a stacked network or an AWD-LSTM."""
    yield from torch_layers(model, time, batch)
    yield from decoder(model, time, batch)


def mixed(model: nn.Module, time: int, batch: int) -> Iterator[Stage]:
    """Products of an AWD-LSTM-MoS: every expert is decoded."""
    yield from torch_layers(model, time, batch)
    for layer in (model.prior, model.latent):
        yield from linear(time * batch, layer.in_features, layer.out_features)
    yield from decoder(model, time, batch * model.experts)


def decoder(model: nn.Module, time: int, batch: int) -> Iterator[Stage]:
    """Products of a linear decoder."""
    types, features = model.decoder.weight.shape
    yield from linear(time * batch, features, types)


@dataclass(frozen=True)
class Line:
    """A row of the table: a preset, its vocabulary, its products, and whether the bound holds for it.

    ``kind`` takes another kind of network at the sizes of the preset.
    """

    preset: str
    types: int
    products: Callable[[nn.Module, int, int], Iterable[Stage]]
    full: bool
    kind: str | None = None

    @property
    def name(self) -> str:
        """The preset, and the kind where it is another one."""
        return self.preset if self.kind is None else f"{self.preset}, {self.kind}"


# A network is a line.
LINES = (
    Line("ptb-lstm", 10_000, stacked, True),
    Line("ptb-lstm-small", 1_000, stacked, False),
    Line("ptb-lstm", 10_000, stacked, True, "gru"),
    Line("ptb-gru-small", 1_000, stacked, False),
    Line("ptb-lstm", 10_000, stacked, True, "rnn"),
    Line("ptb-rnn-small", 1_000, stacked, False),
    Line("ptb-awd-lstm", 10_000, stacked, True),
    Line("ptb-awd-lstm-small", 1_000, stacked, False),
    Line("wt2-mos", 33_278, mixed, True),
    Line("wt2-mos-small", 1_000, mixed, False),
    Line("ptb-rhn", 10_000, highway, True),
    Line("ptb-rhn-small", 2_000, highway, False),
    Line("ptb-on-lstm", 10_000, ordered, True),
    Line("ptb-on-lstm-small", 2_000, ordered, False),
)


class Training:
    """Steps of one network on random tokens."""

    def __init__(self, line: Line, precision: Precision = "float32") -> None:
        self.precision = precision
        tables = preset(line.preset)
        # windows of random length would make steps of different sizes
        self.recipe = Recipe(**{**tables["recipe"], "random_bptt": False})
        model = tables["model"]
        if line.kind is not None:
            model = {**known_keys(model, line.kind), "kind": line.kind}
        self.model = ModelConfig.model_validate(model).build(line.types)
        recipe = self.recipe
        self.optimizer = build(
            recipe.optimizer,
            self.model,
            lr=1e-3,  # random tokens teach nothing; the weights stay where they are
            weight_decay=recipe.weight_decay,
            momentum=recipe.momentum,
            nonmonotone=recipe.nonmonotone,
        )
        self.tokens = torch.randint(line.types, (recipe.bptt + 1, recipe.batch))

        self.slices = recipe.batch // (recipe.slice or recipe.batch)

    def stages(self, line: Line) -> list[Stage]:
        """The products of a slice, of which a step has ``slices``."""
        return list(line.products(self.model, self.recipe.bptt, self.recipe.batch // self.slices))

    def __call__(self) -> None:
        """Forward, loss, backward, clip, optimiser."""
        (batch,) = batches(self.model, self.tokens, self.recipe, torch.Generator())
        self.optimizer.zero_grad(set_to_none=True)
        with training_format(self.precision, torch.device("cpu")):
            batch.backward()
        clip_all(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()


class Products:
    """The products of a step, in its order, for each of its slices."""

    def __init__(self, stages: Iterable[Stage], slices: int) -> None:
        self.stages = [(s.times, [p.operands() for p in s.products]) for s in stages]
        self.slices = slices

    def __call__(self) -> None:
        """Multiply."""
        for times, operands in self.stages * self.slices:
            for _ in range(times):
                for left, right, out in operands:
                    torch.mm(left, right, out=out)


def main() -> int:
    """Print the table; exit status 1 if a network of full size is above the bound."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("presets", nargs="*", help="rows to measure; all if left out")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall", help="cpu where others work too")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    print(
        f"torch {torch.__version__}, {options.threads} threads, {options.clock} time, {options.pairs} pairs\n"
    )
    other = "products" if options.precision == "float32" else "float32 step"
    print(f"| network | weights | step ms | {other} ms | GFLOP | GFLOP/s of products | ratio | bound |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    kept, clock = True, CLOCKS[options.clock]
    for line in LINES:
        if options.presets and line.name not in options.presets:
            continue
        training = Training(line, options.precision)
        stages = training.stages(line)
        plain = options.precision == "float32"
        beside = Products(stages, training.slices) if plain else Training(line)
        alone, step, ratio = alternate(beside, training, options.pairs, clock)
        kept = kept and (ratio <= BOUND or not (line.full and plain))
        weights = sum(p.numel() for p in training.model.parameters())
        flops = training.slices * sum(stage.flops for stage in stages)
        print(
            f"| {line.name} | {weights:,} | {step * 1e3:.0f} | {alone * 1e3:.0f} | {flops / 1e9:.1f} "
            f"| {flops / alone / 1e9:.0f} | {ratio:.2f} | {BOUND if line.full else ''} |",
            flush=True,
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
