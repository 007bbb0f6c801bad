"""The ordered-neurons LSTM against its equations, and the fused loop against autograd."""

import pytest
import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.models import ONLSTM, Dropouts, ONLSTMConfig
from hyperprune.models.layers.ordered import OrderedLSTM
from hyperprune.sparsity import SparseTraining

TYPES, TIME, BATCH = 9, 6, 2


def layer(units: int, chunk: int, features: int = 3, share: float = 0.0) -> OrderedLSTM:
    made = OrderedLSTM(features, units, share, chunk=chunk)
    for parameter in made.parameters():
        torch.nn.init.uniform_(parameter, -1.5, 1.5)  # far from the masters' flat start
    return made.double()


def by_equations(own: OrderedLSTM, weight: Tensor, inputs: Tensor, h: Tensor, c: Tensor) -> Tensor:
    """Equations 1 to 5 and 9 to 14 of the paper, unit by unit in plain loops."""
    units, n = own.hidden_size, own.masters
    chunk = units // n
    outputs = []
    for x in inputs:
        h_rows, c_rows = [], []
        for b in range(x.shape[0]):
            sums = own.weight_ih @ x[b] + own.bias_ih + weight @ h[b] + own.bias_hh
            master_i, master_f = [], []
            for k in range(n):
                master_i.append(1 - sum(sums[:n].exp()[: k + 1]) / sums[:n].exp().sum())
                master_f.append(sum(sums[n : 2 * n].exp()[: k + 1]) / sums[n : 2 * n].exp().sum())
            new_h, new_c = [], []
            for unit in range(units):
                mi, mf = master_i[unit // chunk], master_f[unit // chunk]
                rows = [float(sums[2 * n + gate * units + unit]) for gate in range(4)]
                i, f, o, g = torch.tensor(rows, dtype=torch.float64)
                i, f, o, g = i.sigmoid(), f.sigmoid(), o.sigmoid(), g.tanh()
                overlap = mf * mi
                kept, written = f * overlap + (mf - overlap), i * overlap + (mi - overlap)
                new_c.append(kept * c[b, unit] + written * g)
                new_h.append(o * torch.tanh(new_c[-1]))
            h_rows.append(torch.stack(new_h))
            c_rows.append(torch.stack(new_c))
        h, c = torch.stack(h_rows), torch.stack(c_rows)
        outputs.append(h)
    return torch.stack(outputs)


@pytest.mark.parametrize(("units", "chunk"), [(6, 1), (6, 2), (4, 4)])
@pytest.mark.parametrize("fused", [True, False], ids=["fused", "eager"])
def test_forward_equals_the_equations(units: int, chunk: int, fused: bool) -> None:
    torch.manual_seed(0)
    own = layer(units, chunk)
    own.fused = fused
    inputs = torch.randn(TIME, BATCH, 3).double()
    h, c = torch.randn(2, BATCH, units).double()
    with torch.no_grad():
        expected = by_equations(own, own.weight_hh, inputs, h, c)
        outputs, last = own(inputs, (h, c))
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12)
    assert torch.equal(last[0], outputs[-1])


def test_weight_drop_holds_for_the_window_and_leaves_the_parameter() -> None:
    torch.manual_seed(0)
    own = layer(6, 2, share=0.4)
    inputs, zero = torch.randn(TIME, BATCH, 3).double(), torch.zeros(BATCH, 6).double()
    before = own.weight_hh.detach().clone()
    torch.manual_seed(3)
    with torch.no_grad():
        found = own(inputs)[0]
    torch.manual_seed(3)
    dropped = torch.nn.functional.dropout(before, 0.4)
    with torch.no_grad():
        expected = by_equations(own, dropped, inputs, zero, zero)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert torch.equal(own.weight_hh, before)


@pytest.mark.parametrize("chunk", [1, 2, 6])
def test_fused_loop_has_the_derivatives_of_autograd(chunk: int) -> None:
    torch.manual_seed(0)
    own = layer(6, chunk, share=0.3)
    inputs = torch.randn(TIME, BATCH, 3).double().requires_grad_()
    state = torch.randn(2, BATCH, 6).double().requires_grad_()
    by_output = torch.randn(TIME, BATCH, 6).double()

    def gradients(fused: bool) -> list[Tensor]:
        own.fused = fused
        torch.manual_seed(5)  # the same weights drop
        outputs, (h, c) = own(inputs, tuple(state))
        loss = (outputs * by_output).sum() + h.square().sum() + c.exp().sum()
        return [outputs, h, c, *torch.autograd.grad(loss, [inputs, state, *own.parameters()])]

    for found, expected in zip(gradients(True), gradients(False), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_fused_loop_passes_gradcheck() -> None:
    torch.manual_seed(1)
    own = layer(4, 2, features=2)
    inputs = torch.randn(3, 2, 2).double().requires_grad_()
    names, values = zip(*own.named_parameters(), strict=True)

    def run(inputs: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        parameters = dict(zip(names, values, strict=True))
        outputs, last = torch.func.functional_call(own, parameters, (inputs,))
        return outputs, *last

    assert torch.autograd.gradcheck(run, (inputs, *values))


def test_published_sizes() -> None:
    """Penn Treebank: 400, then 1150, 1150 and 400 units in chunks of 10; the paper says 25 million."""
    with torch.device("meta"):
        published = ONLSTMConfig(embedding=400, hidden=1150, layers=3, chunk=10).build(10_000)
    sizes = [(p.dim(), p.numel()) for p in published.parameters()]
    assert sum(n for d, n in sizes if d >= 2) == 25_199_500
    assert sum(n for d, n in sizes if d == 1) == 10_000 + 2 * (2 * 4_830 + 1_680)  # two biases a layer


def test_layers_of_different_sizes_make_one_network() -> None:
    torch.manual_seed(0)
    model = ONLSTM(TYPES, embedding=4, sizes=(8, 6, 4), dropouts=Dropouts(), chunk=2).double().eval()
    tokens = torch.randint(TYPES, (TIME, BATCH))
    with torch.no_grad():
        hidden = model.embedding.weight[tokens]
        for own in model.recurrent:
            zero = torch.zeros(BATCH, own.hidden_size).double()
            hidden = by_equations(own, own.weight_hh, hidden, zero, zero)
        expected = hidden @ model.embedding.weight.T + model.decoder.bias
        torch.testing.assert_close(model(tokens)[0], expected, rtol=0, atol=1e-12)
        first, state = model(tokens[:4])
        second, _ = model(tokens[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), expected, rtol=0, atol=1e-12)
    assert model.decoder.weight is model.embedding.weight


def test_a_chunk_must_divide_the_units() -> None:
    with pytest.raises(ConfigurationError, match="got 4 for 6"):
        OrderedLSTM(3, 6, chunk=4)


def test_sparse_training_with_weight_drop_keeps_the_dead_at_zero() -> None:
    torch.manual_seed(0)
    dropouts = Dropouts(weight=0.3, hidden=0.2)
    model = ONLSTM(TYPES, embedding=4, sizes=(8, 4), dropouts=dropouts, chunk=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    rules = {"sparse_init": "er", "death": "magnitude", "growth": "random", "redistribution": "none"}
    sparse = SparseTraining(model, optimizer, density=0.4, death_rate=0.5, **rules)
    weights = dict(model.named_parameters())
    total = sum(p.numel() for p in weights.values() if p.dim() >= 2)
    assert "decoder.weight" not in sparse.masks  # tied
    assert {name for name in sparse.masks if name.startswith("recurrent.0")} == {
        "recurrent.0.weight_ih",
        "recurrent.0.weight_hh",  # masters and gates together: one budget
    }
    for _ in range(3):
        scores, _ = model(torch.randint(TYPES, (TIME, BATCH)))
        scores.logsumexp(dim=-1).sum().backward()
        sparse.step()
        sparse.update_topology()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == int(0.4 * total + 0.5)
        assert all(not weights[name][~mask].any() for name, mask in sparse.masks.items())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device, none is visible")
def test_cuda_gives_the_numbers_and_derivatives_of_the_cpu() -> None:
    torch.manual_seed(0)
    own, inputs = layer(6, 2), torch.randn(TIME, BATCH, 3).double()
    found = []
    for device in ("cpu", "cuda"):
        outputs, _ = own.to(device)(inputs.to(device))
        gradients = torch.autograd.grad(outputs.square().sum(), list(own.parameters()))
        found.append([tensor.cpu() for tensor in (outputs, *gradients)])
    torch.testing.assert_close(*found, rtol=0, atol=1e-11)


def test_start_is_uniform_by_columns_as_in_the_published_code() -> None:
    torch.manual_seed(0)
    layer = OrderedLSTM(25, 400, chunk=10)
    for name, parameter in layer.named_parameters():
        bound = 1 / (5 if name.endswith("_ih") else 20)
        assert 0.99 * bound < parameter.abs().max() <= bound, name


def test_published_dropconnect_is_ours_at_another_scale() -> None:
    """Published: masked, not rescaled in training; times 1 - p in evaluation. p is 0.45 on Penn Treebank."""
    share, scale = 0.45, 1 / (1 - 0.45)
    torch.manual_seed(0)
    ours, published = (OrderedLSTM(5, 8, s, chunk=2, fused=False).double() for s in (share, 0.0))
    published.load_state_dict(ours.state_dict())
    inputs = torch.randn(6, 3, 5, dtype=torch.float64)
    wide = ours.weight_hh.detach() * scale  # the published weights of the same function
    torch.manual_seed(1)
    in_training = ours(inputs)[0]
    torch.manual_seed(1)
    kept = torch.nn.functional.dropout(torch.ones_like(wide), share) > 0
    with torch.no_grad():
        published.weight_hh.copy_(wide * kept)
    torch.testing.assert_close(published(inputs)[0], in_training)
    with torch.no_grad():
        published.weight_hh.copy_(wide * (1 - share))
    torch.testing.assert_close(published(inputs)[0], ours.eval()(inputs)[0])
