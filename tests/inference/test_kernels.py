"""The kernels against torch's own layers, step by step."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from plain_nets import block_mask, case, relative

from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.inference import GATES, BuildError, Matrix, PlainNetwork
from hyperprune.inference.build import library
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.kernels import Kernels
from hyperprune.inference.layouts import LAYOUTS, Layout
from hyperprune.inference.pack import pack
from hyperprune.inference.quantise import quantised, restored

# float32 sums of some hundred products in another order differ by 1e-7 of the largest; the demand is 1e-5
TOLERANCE = 1e-5


def state_for(network: PlainNetwork, batch: int) -> torch.Tensor:
    return torch.zeros(sum(network.units) * batch * (2 if network.kind == "lstm" else 1))


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    try:
        library()
    except BuildError as error:
        pytest.skip(f"needs a C compiler: {error}")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("batch", [1, 3, 4, 6])
@pytest.mark.parametrize("types", [0, 11])
def test_outputs_are_those_of_torch(kind: str, layout: Layout, batch: int, types: int) -> None:
    made = case(kind, types=types, batch=batch, density=0.4)
    with torch.no_grad():
        expected, _ = made.module(made.inputs)
    inputs = made.inputs.int() if types else made.inputs
    state = state_for(made.plain, batch)
    kernels = Kernels(pack(made.plain, layout=layout).data)
    found = torch.cat([kernels.run(inputs[t : t + 1], state) for t in range(len(inputs))])
    assert relative(found, expected) < TOLERANCE


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("batch", [1, 5])
def test_torch_by_hand_gives_the_same(kind: str, batch: int) -> None:
    made = case(kind, batch=batch)
    ours, theirs = state_for(made.plain, batch), state_for(made.plain, batch)
    found = ByHand(made.plain, "").run(made.inputs, theirs)
    assert relative(Kernels(pack(made.plain).data).run(made.inputs, ours), found) < TOLERANCE
    assert relative(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("batch", [1, 4])
def test_int8_runs_the_weights_it_stands_for(layout: Layout, batch: int) -> None:
    made = case("lstm", types=9, batch=batch)
    rounded = case("lstm", types=9, batch=batch)
    with torch.no_grad():
        for parameter in rounded.module.parameters():
            if parameter.dim() == 2:
                parameter.copy_(restored(*quantised(parameter)))
        expected, _ = rounded.module(made.inputs)
    packed = pack(made.plain, int8=True, layout=layout)
    found = Kernels(packed.data).run(made.inputs.int(), state_for(made.plain, batch))
    assert relative(found, expected) < TOLERANCE


@pytest.mark.parametrize("hidden", [1, 15, 16, 17, 48])
def test_units_that_do_not_fill_a_panel(hidden: int) -> None:
    made = case("gru", inputs=3, hidden=hidden, layers=1, outputs=0, density=1.0)
    with torch.no_grad():
        expected, _ = made.module(made.inputs)
    found = Kernels(pack(made.plain).data).run(made.inputs, state_for(made.plain, 1))
    assert relative(found, expected) < TOLERANCE


def test_a_network_without_a_live_weight() -> None:
    made = case("lstm", types=5, density=0.0)
    with torch.no_grad():
        expected, _ = made.module(made.inputs)
    for layout in LAYOUTS:
        found = Kernels(pack(made.plain, layout=layout).data).run(made.inputs.int(), state_for(made.plain, 1))
        assert relative(found, expected) < TOLERANCE


def test_saturated_gates_and_infinite_sums_do_not_leave_the_numbers() -> None:
    made = case("lstm", density=1.0)
    inputs = made.inputs * 1e4
    inputs[3] = 1e30
    with torch.no_grad():
        expected, _ = made.module(inputs)
    found = Kernels(pack(made.plain).data).run(inputs, state_for(made.plain, 1))
    assert relative(found, expected) < TOLERANCE


@pytest.mark.parametrize("token", [-1, 11, 2**31 - 1])
def test_a_token_outside_the_vocabulary_changes_nothing(token: int) -> None:
    made = case("lstm", types=11)
    state = state_for(made.plain, 1).fill_(0.5)
    before = state.clone()
    with pytest.raises(ConfigurationError, match="outside the vocabulary"):
        Kernels(pack(made.plain).data).run(torch.tensor([[1], [token]], dtype=torch.int32), state)
    assert torch.equal(state, before)


@pytest.mark.parametrize(
    ("block", "name"), [((16, 1), "16x1"), ((8, 4), "8x4"), ((1, 1), "1x1"), ((192, 1024), "dense")]
)
@pytest.mark.parametrize("prefer", ["size", "speed"])
def test_a_pattern_is_found_in_the_mask(block: tuple[int, int], name: str, prefer: str) -> None:
    density = {"dense": 1.0, "1x1": 0.03}.get(name, 0.1)
    weight = torch.randn(768, 1024) * block_mask(768, 1024, density, block, gates=4)
    made = case("lstm", inputs=1024, hidden=192, layers=1)
    layer = made.plain.layers[0]
    network = PlainNetwork(
        "lstm", (type(layer)(Matrix.of(weight, gates=4), layer.recurrent, layer.bias_ih, layer.bias_hh),)
    )
    choice = pack(network, prefer=prefer).choices["layer 0 input"]
    assert choice.layout.name == name
    if name != "dense":
        assert choice.values == int((weight != 0).sum())
    assert "stores" in choice.why


def test_a_damaged_network_is_refused() -> None:
    data = bytearray(pack(case().plain).data)
    data[-5] ^= 1
    with pytest.raises(ExportError, match="checksum"):
        Kernels(bytes(data))


def test_memory_is_what_is_packed() -> None:
    made = case("gru", inputs=64, hidden=64, layers=1, outputs=0, density=0.1, block=(16, 1))
    kernels, dense = Kernels(pack(made.plain).data), 4 * 2 * 3 * 64 * 64
    assert kernels.nbytes < 0.2 * dense


def test_one_network_serves_several_threads() -> None:
    made = case("lstm", inputs=64, hidden=64, steps=200)
    kernels = Kernels(pack(made.plain).data)
    inputs = [torch.randn(200, 1, 64) for _ in range(4)]
    alone = [kernels.run(x, state_for(made.plain, 1)) for x in inputs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            together = pool.map(lambda x: kernels.run(x, state_for(made.plain, 1)), inputs)
            assert all(torch.equal(a, b) for a, b in zip(together, alone, strict=True))
