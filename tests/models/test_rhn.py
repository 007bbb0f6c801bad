"""The recurrent highway network against its equations, and the fused loop against autograd."""

import itertools

import pytest
import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.models import RHN, Reads
from hyperprune.models.layers.highway import RecurrentHighway
from hyperprune.sparsity import SparseTraining

TYPES, SIZE, DEPTH, TIME, BATCH = 11, 5, 3, 6, 2
GATES = pytest.mark.parametrize("coupled", [True, False], ids=["coupled", "separate"])


def network(coupled: bool = True, fused: bool = True, **shares: float) -> RHN:
    made = RHN(TYPES, embedding=SIZE, hidden=SIZE, depth=DEPTH, coupled=coupled, fused=fused, **shares)
    for parameter in made.parameters():
        torch.nn.init.uniform_(
            parameter, -0.7, 0.7
        )  # biases of every gate count, and nothing is nearly linear
    return made.double()


def by_equations(model: RHN, tokens: Tensor, state: Tensor, masks: dict[str, Tensor]) -> Tensor:
    """Equations 6 to 9 of the paper, unit by unit in plain loops, with each mask where the paper puts it."""
    layer, table = model.recurrent, model.embedding.weight
    logits = torch.zeros(*tokens.shape, TYPES, dtype=torch.float64)
    for b in range(tokens.shape[1]):
        s = [float(value) for value in state[b]]
        for t in range(tokens.shape[0]):
            token = int(tokens[t, b])
            x = table[token] * masks["types"][token] * masks["inputs"][b]
            for d in range(layer.depth):
                weight, bias = getattr(layer, f"weight_hh_d{d}"), getattr(layer, f"bias_hh_d{d}")
                fed = torch.tensor(s, dtype=torch.float64) * masks["state"][b]
                sums = weight @ fed + bias
                if d == 0:
                    sums = sums + layer.weight_ih @ x + layer.bias_ih
                new = []
                for unit in range(SIZE):
                    h, gate = torch.tanh(sums[unit]), torch.sigmoid(sums[SIZE + unit])
                    carry = 1 - gate if layer.coupled else torch.sigmoid(sums[2 * SIZE + unit])
                    new.append(float(h * gate + s[unit] * carry))
                s = new
            output = torch.tensor(s, dtype=torch.float64) * masks["outputs"][b]
            logits[t, b] = table @ output + model.decoder.bias
    return logits


def no_masks() -> dict[str, Tensor]:
    ones = torch.ones(BATCH, SIZE).double()
    return {"types": torch.ones(TYPES).double(), "inputs": ones, "state": ones, "outputs": ones}


def test_published_weight_count() -> None:
    with torch.device("meta"):
        published = RHN(10_000, embedding=830, hidden=830, depth=10)
    sizes = [(p.dim(), p.numel()) for p in published.parameters()]
    assert sum(n for d, n in sizes if d >= 2) == 23_455_800
    assert sum(n for _, n in sizes) == 23_484_060


@GATES
def test_forward_equals_the_equations(coupled: bool) -> None:
    torch.manual_seed(0)
    model = network(coupled).eval()
    tokens, state = torch.randint(TYPES, (TIME, BATCH)), torch.randn(BATCH, SIZE).double()
    with torch.no_grad():
        expected = by_equations(model, tokens, state, no_masks())
        torch.testing.assert_close(model(tokens, state)[0], expected, rtol=0, atol=1e-12)


@GATES
@pytest.mark.parametrize("fused", [True, False], ids=["fused", "eager"])
def test_masks_are_locked_over_time_and_depth(coupled: bool, fused: bool) -> None:
    torch.manual_seed(0)
    shares = {"types": 0.2, "inputs": 0.6, "state": 0.25, "outputs": 0.5}
    model = network(
        coupled,
        fused,
        dropout=shares["outputs"],
        hidden_dropout=shares["state"],
        input_dropout=shares["inputs"],
        embedding_dropout=shares["types"],
    )
    tokens, state = torch.randint(TYPES, (TIME, BATCH)), torch.randn(BATCH, SIZE).double()
    torch.manual_seed(7)
    with torch.no_grad():
        found = model(tokens, state)[0]
    torch.manual_seed(7)  # the same draws in the order in which the token passes the masks
    masks = {}
    for name, like in no_masks().items():
        shape = (TYPES, 1) if name == "types" else like.shape
        masks[name] = torch.empty(shape).double().bernoulli_(1 - shares[name]) / (1 - shares[name])
    with torch.no_grad():
        expected = by_equations(model, tokens, state, masks)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@GATES
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_fused_loop_has_the_derivatives_of_autograd(coupled: bool, share: float) -> None:
    torch.manual_seed(0)
    layer = RecurrentHighway(3, SIZE, DEPTH, coupled=coupled, dropout=share).double()
    inputs = torch.randn(TIME, BATCH, 3).double().requires_grad_()
    state = torch.randn(BATCH, SIZE).double().requires_grad_()
    by_output = torch.randn(TIME, BATCH, SIZE).double()

    def gradients(fused: bool) -> list[Tensor]:
        layer.fused = fused
        torch.manual_seed(5)  # the same mask
        outputs, last = layer(inputs, state)
        loss = (outputs * by_output).sum() + last.square().sum()
        return [outputs, last, *torch.autograd.grad(loss, [inputs, state, *layer.parameters()])]

    for found, expected in zip(gradients(True), gradients(False), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)


@GATES
def test_fused_loop_passes_gradcheck(coupled: bool) -> None:
    torch.manual_seed(1)
    layer = RecurrentHighway(2, 3, 2, coupled=coupled).double()
    inputs = torch.randn(3, 2, 2).double().requires_grad_()
    names, values = zip(*layer.named_parameters(), strict=True)

    def run(inputs: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (inputs,))

    assert torch.autograd.gradcheck(run, (inputs, *values))


def test_a_last_state_alone_has_a_gradient() -> None:
    torch.manual_seed(0)
    layer = RecurrentHighway(3, SIZE, 1).double()
    inputs = torch.randn(TIME, BATCH, 3).double()
    found = []
    for layer.fused in (True, False):
        found.append(torch.autograd.grad(layer(inputs)[1].sum(), layer.weight_hh_d0)[0])
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


def test_carried_state_continues_the_text() -> None:
    torch.manual_seed(0)
    model = network(dropout=0.5).eval()
    tokens = torch.randint(TYPES, (9, 3))
    first, state = model(tokens[:4])
    second, _ = model(tokens[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), model(tokens)[0], rtol=0, atol=1e-12)


def test_start_is_uniform_as_in_selfish_rnn_s_code() -> None:
    torch.manual_seed(0)
    layer = RecurrentHighway(25, 400, 2, coupled=False)
    for name, parameter in layer.named_parameters():
        bound = 1 / (5 if "_ih" in name else 20)
        assert 0.99 * bound < parameter.abs().max() <= bound, name
        # the mean of n uniform numbers has a standard deviation of bound / sqrt(3 n)
        assert abs(parameter.mean()) < 5 * bound / (3 * parameter.numel()) ** 0.5, name


def test_start_may_carry_and_sizes_must_fit() -> None:
    layer = RecurrentHighway(4, 6, 2, coupled=False, transform_bias=-2.0)
    for d in range(2):
        assert getattr(layer, f"bias_hh_d{d}").tolist() == [0.0] * 6 + [-2.0] * 6 + [2.0] * 6
    assert not layer.bias_ih.any()
    with pytest.raises(ConfigurationError, match="as many units as the embedding, got 7 and 8"):
        RHN(9, embedding=8, hidden=7)
    with pytest.raises(ConfigurationError, match="depth"):
        RecurrentHighway(4, 6, 0)


def test_product_of_the_factors_is_the_jacobian() -> None:
    torch.manual_seed(0)
    for coupled, depth in itertools.product((True, False), (1, 3)):
        layer = RecurrentHighway(3, SIZE, depth, coupled=coupled).double()
        state, x = torch.randn(1, SIZE).double(), torch.randn(1, 3).double()
        product = torch.eye(SIZE).double()
        for factor in layer.jacobian_factors(state, x):
            product = factor[0] @ product
        expected = torch.autograd.functional.jacobian(lambda s, own=layer, x=x: own.step(s, x), state)
        torch.testing.assert_close(product, expected[0, :, 0], rtol=0, atol=1e-12)
        torch.testing.assert_close(layer.jacobian(state, x)[0], product, rtol=0, atol=1e-12)


def sparse_rhn(**options: object) -> tuple[RHN, SparseTraining]:
    torch.manual_seed(0)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    rules = {"sparse_init": "uniform", "death": "magnitude", "growth": "random", "redistribution": "none"}
    return model, SparseTraining(model, optimizer, density=0.4, death_rate=0.5, **rules, **options)


def live_by_gate(sparse: SparseTraining, depth: int) -> list[int]:
    return [int(gate.sum()) for gate in sparse.masks[f"recurrent.weight_hh_d{depth}"].split(SIZE)]


def test_sparse_training_counts_the_tied_matrix_once_and_keeps_the_dead_at_zero() -> None:
    model, sparse = sparse_rhn()
    total = sum(p.numel() for p in model.parameters() if p.dim() >= 2)
    hidden = [f"recurrent.weight_hh_d{d}" for d in range(DEPTH)]
    assert list(sparse.masks) == ["embedding.weight", "recurrent.weight_ih", *hidden]
    assert total == TYPES * SIZE + 2 * SIZE * SIZE * (1 + DEPTH)
    for _ in range(3):
        scores, _ = model(torch.randint(TYPES, (TIME, BATCH)))
        scores.logsumexp(dim=-1).sum().backward()
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == int(0.4 * total + 0.5)
        weights = dict(model.named_parameters())
        assert all(not weights[name][~mask].any() for name, mask in sparse.masks.items())


def test_gates_of_a_depth_share_its_budget_and_depths_only_where_asked() -> None:
    model, sparse = sparse_rhn()
    with torch.no_grad():  # the transform gate's weights of depth 1 are the smallest: they die
        model.recurrent.weight_hh_d1[SIZE:].mul_(1e-3)
    before = [live_by_gate(sparse, d) for d in range(DEPTH)]
    sparse.update_topology()
    after = [live_by_gate(sparse, d) for d in range(DEPTH)]
    assert [sum(gates) for gates in after] == [sum(gates) for gates in before]
    assert after[1][0] > before[1][0]
    assert after[1][1] < before[1][1]

    model, sparse = sparse_rhn(share_budget=[["recurrent.weight_hh_d*"]])
    with torch.no_grad():  # now all deaths of the three depths fall on the smallest
        model.recurrent.weight_hh_d1.mul_(1e-3)
    before = [sum(live_by_gate(sparse, d)) for d in range(DEPTH)]
    sparse.update_topology()
    after = [sum(live_by_gate(sparse, d)) for d in range(DEPTH)]
    assert sum(after) == sum(before)
    assert after[1] < before[1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, none is visible")
@GATES
def test_cuda_gives_the_numbers_and_derivatives_of_the_cpu(coupled: bool) -> None:
    torch.manual_seed(0)
    layer = RecurrentHighway(3, SIZE, DEPTH, coupled=coupled).double()
    inputs = torch.randn(TIME, BATCH, 3).double()
    found = []
    for device in ("cpu", "cuda"):
        outputs, _ = layer.to(device)(inputs.to(device))
        gradients = torch.autograd.grad(outputs.square().sum(), list(layer.parameters()))
        found.append([tensor.cpu() for tensor in (outputs, *gradients)])
    torch.testing.assert_close(*found, rtol=0, atol=1e-11)


def test_the_layer_s_outputs_are_shown_for_the_penalties() -> None:
    torch.manual_seed(0)
    model, tokens = network(dropout=0.5), torch.randint(TYPES, (TIME, BATCH))
    assert isinstance(model, Reads)
    reading = model.read(tokens)
    torch.testing.assert_close(reading.scores, model.decoder(reading.dropped))
    assert torch.equal(reading.hidden, model.recurrent(model.embed(tokens))[0])
    assert torch.equal(reading.state, reading.hidden[-1])
