import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError, DivergedError, UnknownNameError


class Model(nn.Module):
    """A language model by structure only."""

    def __init__(self, recurrent: object) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.drop = nn.Dropout(0.9)
        self.recurrent = recurrent

    def embed(self, tokens: Tensor) -> Tensor:
        return self.drop(self.embedding(tokens))


def test_model_embeds_tokens_with_dropout_off_and_modes_restored() -> None:
    model = Model(nn.LSTM(6, 8, 2, dropout=0.7))
    model.embedding.eval()
    tokens = torch.randint(0, 11, (20, 3))
    found = lyapunov.spectrum(model, tokens, warmup=4)
    embedded = lyapunov.spectrum(model, model.embedding(tokens).detach(), warmup=4)
    bare = lyapunov.spectrum(model.recurrent, model.embedding(tokens).detach(), warmup=4)
    assert torch.equal(found.exponents, embedded.exponents)
    assert torch.equal(found.exponents, bare.exponents)
    assert (model.training, model.embedding.training, model.recurrent.training) == (True, False, True)
    assert not found.exponents.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


def test_modes_come_back_after_an_error() -> None:
    module = nn.LSTM(3, 4)
    with pytest.raises(ConfigurationError):
        lyapunov.spectrum(module, torch.zeros(5, 1, 3), steps=9)
    assert module.training


def test_model_with_layers_of_different_sizes_each_its_own_module() -> None:
    model = Model(nn.ModuleList([nn.LSTM(6, 9), nn.LSTM(9, 9), nn.LSTM(9, 6)]))
    found = lyapunov.spectrum(model, torch.randint(0, 11, (20, 2)), k=4)
    assert found.layer_sizes == (4, 4, 4)
    assert lyapunov.spectrum(model, torch.randint(0, 11, (20, 2)), state="full").layer_sizes == (18, 18, 12)


def test_batch_is_not_taken_for_time_in_a_batch_first_module() -> None:
    plain, inputs = nn.LSTM(3, 4, 2), torch.randn(9, 2, 3)
    batch_first = nn.LSTM(3, 4, 2, batch_first=True)
    batch_first.load_state_dict(plain.state_dict())
    expected = lyapunov.spectrum(plain, inputs)
    found = lyapunov.spectrum(batch_first, inputs.transpose(0, 1))
    assert found.counts.tolist() == [9, 9]
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-5, rtol=0)
    # a stack is fed time first, whatever the layout of its modules
    assert torch.equal(lyapunov.spectrum([batch_first], inputs).exponents, expected.exponents)


@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_sequence_without_batch_is_one_sequence(make: type[nn.RNNBase], layers: int) -> None:
    """It was taken for as many sequences as it has features, all equal, so that intervals had no width."""
    module, inputs = make(16, 8, layers), torch.randn(45, 16)
    found = lyapunov.spectrum(module, inputs, warmup=10)
    expected = lyapunov.spectrum(module, inputs[:, None], warmup=10)
    assert len(found.exponents) == 1
    assert torch.equal(found.exponents, expected.exponents)
    state = module(inputs[:5])[1]
    begun = lyapunov.spectrum(module, inputs[5:], initial_state=state)
    with_batch = module(inputs[:5, None])[1]
    expected = lyapunov.spectrum(module, inputs[5:, None], initial_state=with_batch)
    torch.testing.assert_close(begun.exponents, expected.exponents, atol=1e-4, rtol=0)
    turned = make(16, 8, layers, batch_first=True)
    turned.load_state_dict(module.state_dict())
    assert torch.equal(lyapunov.spectrum(turned, inputs, warmup=10).exponents, found.exponents)
    with pytest.raises(ConfigurationError, match=r"or \(time, 16\) for one sequence, got \(45, 5\)"):
        lyapunov.spectrum(module, inputs[:, :5])


def test_dead_units_are_cut_at_the_floor_and_counted() -> None:
    # in float64 rounding leaves a dead direction near -36 nats; in float32 near -16, at the floor itself
    module, inputs = nn.RNN(3, 5).double(), torch.randn(12, 2, 3).double()
    with torch.no_grad():
        module.weight_hh_l0[2] = 0.0
    found = lyapunov.spectrum(module, inputs, warmup=2)
    assert found.exponents.min() == -16.0
    assert found.clamped.sum(dim=1).tolist() == [10, 10]
    uncut = lyapunov.spectrum(module, inputs, warmup=2, floor=None)
    assert uncut.exponents.min() < -30
    assert uncut.clamped.sum() == 0


def test_steps_and_warmup_choose_the_inputs() -> None:
    module, inputs = nn.GRU(3, 5), torch.randn(50, 2, 3)
    found = lyapunov.spectrum(module, inputs, warmup=10, steps=35)
    assert found.counts.tolist() == [35, 35]
    assert torch.equal(found.exponents, lyapunov.spectrum(module, inputs[:45], warmup=10).exponents)


def test_lower_precision_weights_are_computed_in_float32_and_dtype_chooses() -> None:
    module, inputs = nn.LSTM(3, 6), torch.randn(20, 2, 3)
    single = lyapunov.spectrum(module, inputs)
    double = lyapunov.spectrum(module, inputs, dtype=torch.float64)
    assert single.exponents.dtype == torch.float64
    # float32 logarithms of numbers near 0.1 carry about 1e-6
    torch.testing.assert_close(single.exponents, double.exponents, atol=2e-4, rtol=0)
    assert not torch.equal(single.exponents, double.exponents)
    half = lyapunov.spectrum(module.to(torch.bfloat16), inputs)
    torch.testing.assert_close(half.exponents, double.exponents, atol=0.1, rtol=0)


def test_initial_state_in_the_module_s_shape_and_flat_in_the_stated_order() -> None:
    module, inputs = nn.LSTM(3, 4, 2).double(), torch.randn(9, 2, 3).double()
    h, c = torch.randn(2, 2, 4).double(), torch.randn(2, 2, 4).double()
    expected = lyapunov.spectrum(module, inputs, initial_state=(h, c)).exponents
    top_first = torch.cat([h[1], c[1], h[0], c[0]], dim=1)
    upward = torch.cat([h[0], c[0], h[1], c[1]], dim=1)
    assert torch.equal(lyapunov.spectrum(module, inputs, initial_state=top_first).exponents, expected)
    a = lyapunov.spectrum(module, inputs, initial_state=upward, direction="adjoint").exponents
    b = lyapunov.spectrum(module, inputs, initial_state=(h, c), direction="adjoint").exponents
    assert torch.equal(a, b)
    only_h = lyapunov.spectrum(module, inputs, initial_state=torch.cat([h[1], h[0]], dim=1)).exponents
    assert torch.equal(
        only_h, lyapunov.spectrum(module, inputs, initial_state=(h, torch.zeros_like(c))).exponents
    )
    assert torch.equal(only_h, lyapunov.spectrum(module, inputs, initial_state=h).exponents)
    parts = [nn.LSTM(3, 4).double(), nn.GRU(4, 5).double()]
    own = [(h[:1], c[:1]), torch.randn(2, 5).double()]
    flat = torch.cat([own[1], h[0], c[0]], dim=1)
    a = lyapunov.spectrum(parts, inputs, initial_state=own).exponents
    assert torch.equal(a, lyapunov.spectrum(parts, inputs, initial_state=flat).exponents)


@pytest.mark.parametrize(
    ("system", "inputs", "options", "message"),
    [
        (nn.LSTM(3, 4, bidirectional=True), torch.zeros(5, 1, 3), {}, "bidirectional=False"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, dtype=torch.long), {}, "embed them"),
        (nn.LSTM(3, 4), torch.zeros(5), {}, "time, batch"),
        (nn.LSTM(3, 4), None, {}, "steps=1000"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"steps": 9}, "need 9 inputs, got 5"),
        (nn.LSTM(3, 4), torch.zeros(20, 1, 3), {"preset": "paper"}, "need 35 inputs, got 20"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"state": "cell"}, "hidden, full"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"direction": "back"}, "forward, adjoint"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"k": 0}, "k must be"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"warmup": -1}, "warmup must be"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"qr_interval": 0}, "qr_interval must be"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"log_base": 1.0}, "log_base must be"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"floor": 1.0}, "floor must be"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"jacobian": "numeric"}, "closed or automatic"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"initial_state": torch.zeros(1, 3)}, "8 columns"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"initial_state": torch.zeros(2, 4)}, "layer 1"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"initial_state": "zero"}, "initial_state must be"),
        ([nn.LSTM(3, 4)], torch.zeros(5, 1, 3), {"initial_state": "zero"}, "a list of 1"),
        ([], torch.zeros(5, 1, 3), {}, "at least one layer"),
        (3, torch.zeros(5, 1, 3), {}, "got int"),
        (lambda s, x: s, torch.zeros(5, 1, 3), {}, "give initial_state"),
        (lambda s, x: s[:, :1], torch.zeros(5, 1, 3), {"initial_state": torch.zeros(1, 2)}, "like the one"),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"mask": torch.ones(5, 2)}, "mask must be"),
        (
            nn.LSTM(3, 4),
            torch.zeros(5, 1, 3),
            {"mask": torch.ones(5, 1).bool(), "qr_interval": 2},
            "a mask needs",
        ),
        (nn.LSTM(3, 4), torch.zeros(5, 1, 3), {"mask": torch.zeros(5, 1).bool()}, "more than warmup"),
    ],
)
def test_arguments_that_mean_nothing_are_refused_with_the_remedy(
    system: object, inputs: Tensor | None, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        lyapunov.spectrum(system, inputs, **options)


def test_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="choose one of paper"):
        lyapunov.spectrum(nn.LSTM(3, 4), torch.zeros(5, 1, 3), preset="papers")


def test_a_network_that_left_the_finite_numbers_is_reported() -> None:
    module = nn.LSTM(3, 4)
    with torch.no_grad():
        module.weight_hh_l0[0, 0] = float("nan")
    with pytest.raises(DivergedError, match="finite"):
        lyapunov.spectrum(module, torch.randn(5, 1, 3))


def test_the_same_call_gives_the_same_bits() -> None:
    module, inputs = nn.LSTM(8, 64, 2), torch.randn(30, 3, 8)
    first, second = (lyapunov.spectrum(module, inputs, warmup=5) for _ in range(2))
    assert torch.equal(first.exponents, second.exponents)
