"""Layers with a closed form run as torch's modules do, and their Jacobians are the automatic ones."""

import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.lyapunov.layers import Layer
from hyperprune.lyapunov.recursion import strand
from hyperprune.lyapunov.recursion.cholesky_frame import CholeskyFrame
from hyperprune.lyapunov.recursion.frames import Frame
from hyperprune.lyapunov.stack import StackOptions, build_layers
from hyperprune.models.layers.highway import RecurrentHighway
from hyperprune.models.layers.ordered import OrderedLSTM

FEATURES, SIZE, TIME, BATCH = 3, 5, 7, 4

# A new closed form adds a line here.
MODULES: dict[str, Callable[[], nn.Module]] = {
    "rnn-tanh": lambda: nn.RNN(FEATURES, SIZE, 2),
    "rnn-relu": lambda: nn.RNN(FEATURES, SIZE, 2, nonlinearity="relu"),
    "rnn-no-bias": lambda: nn.RNN(FEATURES, SIZE, bias=False),
    "gru": lambda: nn.GRU(FEATURES, SIZE, 2),
    "gru-no-bias": lambda: nn.GRU(FEATURES, SIZE, bias=False),
    "lstm": lambda: nn.LSTM(FEATURES, SIZE, 3),
    "lstm-no-bias": lambda: nn.LSTM(FEATURES, SIZE, bias=False),
    "lstm-projected": lambda: nn.LSTM(FEATURES, SIZE, 2, proj_size=2),
    "rnn-cell": lambda: nn.RNNCell(FEATURES, SIZE, nonlinearity="relu"),
    "gru-cell": lambda: nn.GRUCell(FEATURES, SIZE),
    "lstm-cell": lambda: nn.LSTMCell(FEATURES, SIZE, bias=False),
    "lstm-input-bias-only": lambda: without_recurrent_bias(nn.LSTM(FEATURES, SIZE)),
    "rhn": lambda: RecurrentHighway(FEATURES, SIZE, 3),
    "rhn-separate-carry": lambda: RecurrentHighway(FEATURES, SIZE, 2, coupled=False),
    "rhn-shallow": lambda: RecurrentHighway(FEATURES, SIZE, 1),
    "on-lstm": lambda: OrderedLSTM(FEATURES, SIZE),
    "on-lstm-chunks": lambda: OrderedLSTM(FEATURES, SIZE + 1, chunk=2),
}
CUDA = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
    ],
)
EVERY = [pytest.param(make, id=name) for name, make in MODULES.items()]


def without_recurrent_bias(module: nn.Module) -> nn.Module:
    nn.init.zeros_(module.bias_hh_l0)
    return module


def inputs_of(seed: int = 0) -> Tensor:
    return torch.randn(TIME, BATCH, FEATURES, generator=torch.Generator().manual_seed(seed)).double()


def layers_of(module: nn.Module, full: bool, automatic: bool) -> list[Layer]:
    return build_layers(module, StackOptions(full=full, automatic=automatic))


def random_state(layer: Layer) -> Tensor:
    # in (-1, 1) like a state that tanh made; not 0, where many terms vanish
    return torch.rand(BATCH, layer.state_size).double() * 1.8 - 0.9


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("full", [False, True], ids=["hidden", "full"])
def test_closed_jacobians_are_the_automatic_ones(make: Callable[[], nn.Module], full: bool) -> None:
    module, below = make().double(), inputs_of()
    pairs = zip(layers_of(module, full, False), layers_of(module, full, True), strict=True)
    for closed, automatic in pairs:
        state = random_state(closed)
        a, b = closed.run(below, TIME, state, None), automatic.run(below, TIME, state, None)
        torch.testing.assert_close(a.outputs, b.outputs, atol=1e-12, rtol=0)
        rows, part = slice(0, BATCH), slice(1, 3)
        for t, transposed in itertools.product(range(TIME), (False, True)):
            expected = b.linearization.operator(t, rows, transposed)
            found = a.linearization.operator(t, rows, transposed)
            torch.testing.assert_close(found, expected, atol=1e-10, rtol=0)
            memory = torch.empty(2, closed.tracked, closed.tracked).double()
            again = a.linearization.operator(t, part, transposed, memory)
            torch.testing.assert_close(again, expected[part], atol=1e-10, rtol=0)
            q = torch.randn(BATCH, closed.tracked, 2).double()
            torch.testing.assert_close(
                a.linearization.product(t, rows, q, transposed), expected @ q, atol=1e-10, rtol=0
            )
            by_input = b.linearization.input_jacobian(t, part)
            torch.testing.assert_close(a.linearization.input_jacobian(t, part), by_input, atol=1e-10, rtol=0)
        below = a.outputs


@pytest.mark.parametrize("make", EVERY)
def test_states_are_those_of_the_module_itself(make: Callable[[], nn.Module]) -> None:
    module, below = make().double(), inputs_of()
    with torch.no_grad():
        if isinstance(module, nn.RNNBase | lyapunov.Cell):
            expected = module(below)[0]
        else:
            state, outputs = None, []
            for x in below:
                state = module(x, state)
                outputs.append(state[0] if isinstance(state, tuple) else state)
            expected = torch.stack(outputs)
        for layer in layers_of(module, True, False):
            below = layer.run(below, TIME, torch.zeros(BATCH, layer.state_size).double(), None).outputs
    torch.testing.assert_close(below, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("make", EVERY)
def test_spectra_by_closed_form_and_by_torch_func_agree(make: Callable[[], nn.Module]) -> None:
    # products that nearly lose rank amplify rounding: a network with exponents near -9 would differ by more
    torch.manual_seed(3)
    module, inputs = make().double(), inputs_of()
    # not from zero, where the last chunk of an ON-LSTM is dead: what follows a dead direction is rounding
    start = torch.cat([random_state(layer) for layer in layers_of(module, True, False)], dim=1)
    for state, direction in itertools.product(lyapunov.STATES, lyapunov.DIRECTIONS):
        options = {"state": state, "direction": direction, "steps": 3, "initial_state": start}
        closed = lyapunov.spectrum(module, inputs, **options)
        automatic = lyapunov.spectrum(module, inputs, jacobian="automatic", **options)
        torch.testing.assert_close(closed.exponents, automatic.exponents, atol=1e-9, rtol=0)


@pytest.mark.parametrize("make", EVERY)
def test_sequences_do_not_touch_each_other(make: Callable[[], nn.Module]) -> None:
    module, inputs = make().double(), inputs_of()
    # hidden, since the whole state of an ON-LSTM from zero is singular: what is behind its rank is rounding
    together = lyapunov.spectrum(module, inputs, state="hidden", steps=3)
    alone = lyapunov.spectrum(module, inputs[:, 2:3], state="hidden", steps=3)
    torch.testing.assert_close(together.exponents[2:3], alone.exponents, atol=1e-10, rtol=0)


@pytest.mark.parametrize("make", EVERY)
def test_a_masked_sequence_is_as_if_alone(make: Callable[[], nn.Module]) -> None:
    module, inputs = make().double(), inputs_of()
    mask = torch.ones(TIME, BATCH).bool()
    mask[5:, 1] = False  # ends early
    mask[[0, 3], 2] = False  # has gaps
    found = lyapunov.spectrum(module, inputs, state="hidden", mask=mask, warmup=1, steps=4)
    assert found.counts.tolist() == [4, 4, 4, 4]
    for sequence in range(BATCH):
        own = inputs[mask[:, sequence], sequence : sequence + 1]
        alone = lyapunov.spectrum(module, own, state="hidden", warmup=1, steps=4)
        torch.testing.assert_close(found.exponents[sequence], alone.exponents[0], atol=1e-10, rtol=0)


def as_on_a_card(start: Tensor, transposed: bool, identity: bool, differentiable: bool) -> Frame:
    return CholeskyFrame(start, transposed, identity)


@pytest.fixture(params=["cpu", CUDA])
def by_card(request: pytest.FixtureRequest) -> Callable[..., Tensor]:
    """Exponents by a card, or by the CPU made to factor as a card does."""

    def exponents(module: nn.Module, inputs: Tensor, **options: Any) -> Tensor:
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "cpu":
                patch.setattr(strand, "frame_for", as_on_a_card)
            there = copy.deepcopy(module).to(request.param)
            return lyapunov.spectrum(there, inputs.to(request.param), **options).exponents

    return exponents


@pytest.mark.filterwarnings("ignore:Jacobians lost rank")
@pytest.mark.parametrize("make", EVERY)
def test_a_card_gives_the_numbers_of_the_cpu(
    make: Callable[[], nn.Module], by_card: Callable[..., Tensor]
) -> None:
    """But for those that rounding decides, as it does behind the rank of ReLU units or of an ON-LSTM."""
    torch.manual_seed(0)
    module, inputs = make().double(), inputs_of()
    start = torch.cat([random_state(layer) for layer in layers_of(module, True, False)], dim=1)
    nudged = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in nudged.parameters():
            parameter.mul_(1 + 1e-14 * torch.randn_like(parameter))
    mask = torch.ones(TIME, BATCH).bool()
    mask[4:, 1] = False
    choices: list[dict[str, Any]] = [{}, {"k": 2}, {"mask": mask}, {"layerwise": False, "qr_interval": 3}]
    for options in choices:
        options["initial_state"] = start
        expected = lyapunov.spectrum(module, inputs, **options)
        again = lyapunov.spectrum(nudged, inputs, **options)
        firm = (expected.rounded == 0) & ((expected.exponents - again.exponents).abs() < 1e-10)
        assert firm.double().mean() >= 0.2  # the rank of ReLU units is that low
        found = by_card(module, inputs, **options)
        torch.testing.assert_close(found[firm], expected.exponents[firm], atol=1e-8, rtol=0)
