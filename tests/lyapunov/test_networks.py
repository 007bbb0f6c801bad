"""A network is read as it runs: its own forward, the weights it computes, what reaches its recurrent part."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError

INPUTS = torch.randn(20, 3, 4, generator=torch.Generator().manual_seed(1)).double()


class ScaledGRUCell(nn.GRUCell):
    def forward(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        return 0.5 * super().forward(x, h)


class NormedLSTMCell(nn.LSTMCell):
    """Layer norm of c before it becomes h."""

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        h, c = super().forward(x, state)
        return torch.nn.functional.layer_norm(c, c.shape[-1:]).tanh() * h.tanh(), c


class ScaledRNNCell(nn.RNNCell):
    def forward(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        return 2 * super().forward(x, h)


@pytest.mark.parametrize("make", [ScaledGRUCell, NormedLSTMCell, ScaledRNNCell])
@pytest.mark.parametrize("state", lyapunov.STATES)
def test_a_cell_s_own_forward_is_not_ignored(make: type[nn.RNNCellBase], state: str) -> None:
    cell = make(4, 6).double()
    two = isinstance(cell, nn.LSTMCell)

    class Looped:
        state_size, hidden_size = (12, 6) if two else (6, 6)

        def step(self, s: Tensor, x: Tensor) -> Tensor:
            return torch.cat(cell(x, tuple(s.chunk(2, dim=1))), dim=1) if two else cell(x, s)

    found = lyapunov.spectrum(cell, INPUTS, state=state)
    expected = lyapunov.spectrum(Looped(), INPUTS, state=state)
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-10, rtol=0)
    kind = next(k for k in (nn.GRUCell, nn.LSTMCell, nn.RNNCell) if isinstance(cell, k))
    plain = kind(4, 6).double()
    plain.load_state_dict(cell.state_dict())
    assert (lyapunov.spectrum(plain, INPUTS, state=state).mean - found.mean).abs().max() > 0.05

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell

        def forward(self, x: Tensor) -> Any:
            state = (x.new_zeros(3, 6),) * 2 if two else x.new_zeros(3, 6)
            for v in x:
                state = self.cell(v, state)
            return state

    driven = lyapunov.drive(Network(), INPUTS)
    torch.testing.assert_close(driven.spectrum(state=state).exponents, found.exponents, atol=1e-10, rtol=0)


def test_a_cell_with_its_own_forward_in_another_type_and_without_inputs() -> None:
    cell = ScaledGRUCell(4, 6)
    double = lyapunov.spectrum(cell, INPUTS.float(), dtype=torch.float64)
    assert next(cell.parameters()).dtype == torch.float32
    single = lyapunov.spectrum(cell, INPUTS.float())
    torch.testing.assert_close(single.exponents, double.exponents, atol=1e-3, rtol=0)
    alone = lyapunov.spectrum(cell, None, steps=5)
    zeros = lyapunov.spectrum(cell, torch.zeros(5, 1, 4))
    assert torch.equal(alone.exponents, zeros.exponents)


def test_a_layered_module_s_own_forward_is_checked() -> None:
    class Doubled(nn.LSTM):
        def forward(self, x: Tensor, state: Any = None) -> Any:  # type: ignore[override]
            return super().forward(2 * x, state)

    class DroppedInTraining(nn.LSTM):
        def forward(self, x: Tensor, state: Any = None) -> Any:  # type: ignore[override]
            return super().forward(torch.dropout(x, 0.5, self.training), state)

    class Broken(nn.GRU):
        def forward(self, x: Tensor, lengths: Tensor) -> Any:  # type: ignore[override]
            return super().forward(x)

    for batch_first in (False, True):
        with pytest.raises(
            ConfigurationError, match=r"Doubled has a forward of its own, .* give its layers as"
        ):
            lyapunov.spectrum(Doubled(4, 6, 2, batch_first=batch_first), INPUTS.float())
        lyapunov.spectrum(DroppedInTraining(4, 6, 2, batch_first=batch_first), INPUTS.float())
    with pytest.raises(ConfigurationError, match="does not take a sequence"):
        lyapunov.spectrum(Broken(4, 6), INPUTS.float())


def _old_weight_norm(module: nn.Module, name: str) -> nn.Module:
    return torch.nn.utils.weight_norm(module, name)


def _pruned(module: nn.Module, name: str) -> nn.Module:
    prune.random_unstructured(module, name, 0.3)
    return module


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(
    "change", [parametrizations.weight_norm, parametrizations.orthogonal, _old_weight_norm, _pruned]
)
@pytest.mark.parametrize("cell", [False, True])
def test_parametrised_weights_are_read_fresh_after_a_step_and_a_load(
    change: Callable[[nn.Module, str], nn.Module], cell: bool
) -> None:
    name = "weight_hh" if cell else "weight_hh_l0"

    def made() -> nn.Module:
        module: nn.Module = nn.RNNCell(4, 6) if cell else nn.RNN(4, 6)
        return change(module.double(), name)

    def forward(module: nn.Module) -> Tensor:
        state = torch.zeros(3, 6).double()
        if not cell:
            output: Tensor = module(INPUTS)[0]
            return output
        for x in INPUTS:
            state = module(x, state)
        return state

    def expected(module: nn.Module) -> lyapunov.Spectrum:
        with torch.no_grad():
            forward(module)  # which makes its weights
            plain = nn.RNN(4, 6).double()
            for own in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(plain, f"{own}_l0").copy_(getattr(module, own if cell else f"{own}_l0"))
        return lyapunov.spectrum(plain, INPUTS)

    module, other = made(), made()
    before = lyapunov.spectrum(module, INPUTS)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    forward(module).square().sum().backward()
    optimizer.step()
    found = lyapunov.spectrum(module, INPUTS)
    assert torch.equal(found.exponents, expected(module).exponents)
    assert not torch.equal(found.exponents, before.exponents)
    other.load_state_dict(module.state_dict())
    assert torch.equal(lyapunov.spectrum(other, INPUTS).exponents, expected(other).exponents)


class Tagger(nn.Module):
    """A stranger's network whose attributes have our names; batch first, layers between the two."""

    def __init__(self, norm: bool = True, batch_first: bool = True) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 4)
        self.norm = nn.LayerNorm(4) if norm else nn.Identity()
        self.recurrent = nn.LSTM(4, 6, batch_first=batch_first)
        self.head = nn.Linear(6, 11)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.recurrent(3 * self.norm(self.embed(tokens)))[0])


def test_names_do_not_decide_how_a_network_is_read() -> None:
    network, tokens = Tagger().double(), torch.randint(0, 11, (5, 40))
    found = lyapunov.spectrum(network, tokens, warmup=10)
    with torch.no_grad():
        driving = 3 * network.norm(network.embed(tokens))
    expected = lyapunov.spectrum(network.recurrent, driving, warmup=10)
    assert found.exponents.shape == (5, 12)
    assert found.steps == 30
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-10, rtol=0)
    driven = lyapunov.drive(network, tokens)
    assert driven.inputs.shape == (40, 5, 4)
    torch.testing.assert_close(driven.spectrum(warmup=10).exponents, expected.exponents, atol=1e-10, rtol=0)


def test_a_network_that_begins_elsewhere_than_zero_is_followed_from_there() -> None:
    class Begun(Tagger):
        def forward(self, tokens: Tensor) -> Tensor:
            state = torch.full((1, len(tokens), 6), 0.4).double()
            return self.recurrent(self.embed(tokens), (state, state))[0]

    network, tokens = Begun().double(), torch.randint(0, 11, (5, 9))
    state = torch.full((1, 5, 6), 0.4).double()
    with torch.no_grad():
        driving = network.embed(tokens)
    expected = lyapunov.spectrum(network.recurrent, driving, initial_state=(state, state))
    assert torch.equal(lyapunov.spectrum(network, tokens).exponents, expected.exponents)


def test_layers_between_the_parts_of_a_stack_are_refused() -> None:
    class Between(nn.Module):
        def __init__(self, norm: bool) -> None:
            super().__init__()
            self.embedding = nn.Embedding(11, 4)
            self.recurrent = nn.ModuleList([nn.GRU(4, 6), nn.GRU(6, 6)])
            self.norm = nn.LayerNorm(6) if norm else nn.Identity()

        def embed(self, tokens: Tensor) -> Tensor:
            embedded: Tensor = self.embedding(tokens)
            return embedded

        def forward(self, tokens: Tensor) -> Tensor:
            hidden = self.recurrent[0](self.embed(tokens))[0]
            return self.recurrent[1](self.norm(hidden))[0]

    tokens = torch.randint(0, 11, (20, 3))
    lyapunov.spectrum(Between(False), tokens)
    with pytest.raises(ConfigurationError, match="something stands between its parts"):
        lyapunov.spectrum(Between(True), tokens)


def test_floating_inputs_of_a_model_go_through_what_it_does_with_them() -> None:
    class Sensor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.recurrent = nn.Linear(4, 4), nn.GRU(4, 6)

        def forward(self, x: Tensor) -> Tensor:
            return self.recurrent(self.embed(x).relu())[0]

    network = Sensor().double()
    with torch.no_grad():
        driving = network.embed(INPUTS).relu()
    expected = lyapunov.spectrum(network.recurrent, driving)
    assert torch.equal(lyapunov.spectrum(network, INPUTS).exponents, expected.exponents)


def test_compiled_networks_cells_and_functions_are_read_as_what_they_run() -> None:
    network, tokens = Tagger().double(), torch.randint(0, 11, (5, 20))
    expected = lyapunov.spectrum(network, tokens)
    assert torch.equal(lyapunov.spectrum(torch.compile(network), tokens).exponents, expected.exponents)
    driven = lyapunov.drive(torch.compile(network), tokens, "recurrent")
    assert torch.equal(driven.spectrum().exponents, expected.exponents)
    network.recurrent = torch.compile(network.recurrent)
    for name in (None, "recurrent"):
        driven = lyapunov.drive(network, tokens, name)
        assert torch.equal(driven.spectrum().exponents, expected.exponents)
    cell = ScaledGRUCell(4, 6).double()
    found = lyapunov.spectrum(torch.compile(cell), INPUTS)
    assert torch.equal(found.exponents, lyapunov.spectrum(cell, INPUTS).exponents)

    def step(state: Tensor, x: Tensor) -> Tensor:
        return torch.tanh(0.5 * state + x)

    start = torch.zeros(3, 4).double()
    found = lyapunov.spectrum(torch.compile(step), INPUTS, initial_state=start)
    assert torch.equal(found.exponents, lyapunov.spectrum(step, INPUTS, initial_state=start).exponents)


COMPILES_ITSELF = """
import sys
import torch
from torch import nn
from hyperprune import lyapunov

class Late(nn.Module):
    compiled = None

    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRUCell(4, 6)

    def forward(self, x):
        if Late.compiled is None:
            Late.compiled = torch.compile(self.recurrent, backend="eager")
        state = x.new_zeros(x.shape[1], 6)
        for one in x:
            state = Late.compiled(one, state)
        return state

torch.manual_seed(0)
network, inputs = Late().double(), torch.randn(40, 3, 4, dtype=torch.float64)
assert "torch._dynamo" not in sys.modules
found = lyapunov.drive(network, inputs, "recurrent").spectrum().exponents
assert "torch._dynamo" in sys.modules
assert torch.equal(found, lyapunov.spectrum(network.recurrent, inputs).exponents)
"""


def test_a_network_that_compiles_a_part_of_itself_as_it_runs_is_read_too() -> None:
    """In a process of its own: nothing has loaded the compiler before."""
    subprocess.run([sys.executable, "-c", COMPILES_ITSELF], check=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_script_is_refused_with_a_message() -> None:
    script = torch.jit.script(nn.GRUCell(4, 6))
    with pytest.raises(ConfigurationError, match=r"torch\.jit's RecursiveScriptModule .* it was made from"):
        lyapunov.spectrum(script, INPUTS.float())
