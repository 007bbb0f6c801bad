"""Whole units are taken out: of every gate, of the next layer, of the decoder, of a tied embedding."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from hyperprune.errors import ConfigurationError
from hyperprune.models import MODELS, build
from hyperprune.sparsity import CRITERION, DEATH, PruningVariant, SparseTraining

GATES = {nn.LSTM: 4, nn.GRU: 3, nn.RNN: 1}


class Network(nn.Module):
    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, *, tied: bool = False, layers: int = 2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 12 if tied else 8)
        self.recurrent = kind(12 if tied else 8, 12, layers)
        self.decoder = nn.Linear(12, 20)
        if tied:
            self.decoder.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.decoder(self.recurrent(self.embedding(tokens))[0])


def _sparse(model: nn.Module, **rules: object) -> SparseTraining:
    given = {"pattern": "units", "density": 0.4, "death_rate": 0.0, "update_interval": 1, **rules}
    optimizer = SGD(model.parameters(), lr=0.1)
    return SparseTraining(model, optimizer, total_steps=12, **given)  # type: ignore[arg-type]


def _units(mask: Tensor, gates: int) -> Tensor:
    """Live units by the rows of a mask; fails where gates differ."""
    rows = mask.any(dim=1).view(gates, -1)
    assert bool((rows == rows[0]).all())
    return rows[0]


def _consistent(
    model: nn.Module, masks: dict[str, Tensor], kind: type[nn.RNNBase], *, tied: bool
) -> list[Tensor]:
    """Live units of both layers; fails where a matrix disagrees."""
    gates = GATES[kind]
    live = [_units(masks[f"recurrent.weight_hh_l{layer}"], gates) for layer in (0, 1)]
    columns = torch.ones(masks["recurrent.weight_ih_l0"].shape[1], dtype=torch.bool)
    below = [live[1] if tied else columns, live[0]]
    for layer in (0, 1):
        rows = live[layer].repeat(gates)
        assert torch.equal(masks[f"recurrent.weight_hh_l{layer}"], rows[:, None] & live[layer])
        assert torch.equal(masks[f"recurrent.weight_ih_l{layer}"], rows[:, None] & below[layer])
    top = "embedding.weight" if tied else "decoder.weight"
    assert torch.equal(masks[top], live[1].expand(20, -1))
    return live


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("kind", GATES)
def test_a_unit_goes_from_all_matrices_that_it_is_in(kind: type[nn.RNNBase], tied: bool) -> None:
    model = Network(kind, tied=tied)
    training = _sparse(model)
    live = _consistent(model, training.masks, kind, tied=tied)
    assert [0 < int(units.sum()) < 12 for units in live] == [True, True]
    if not tied:  # a lookup that no unit is in: single weights, exactly as dense as asked
        assert int(training.masks["embedding.weight"].sum()) == 64


@pytest.mark.parametrize("death", [name for name in DEATH if DEATH[name].follows_schedule])
def test_units_die_along_a_schedule_and_none_comes_back(death: str) -> None:
    model = Network()
    training = _sparse(model, density_schedule="gradual", schedule_span=(0.0, 0.75), death=death)
    assert training.density() == 1
    before = [torch.ones(12, dtype=torch.bool)] * 2
    numbers = []
    for step in range(12):
        tokens = torch.randint(20, (4, 3), generator=torch.Generator().manual_seed(step))
        model.zero_grad()
        nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()
        training.step()
        live = _consistent(model, training.masks, nn.LSTM, tied=False)
        assert all(not bool((now & ~then).any()) for now, then in zip(live, before, strict=True))
        before = live
        numbers.append(sum(int(units.sum()) for units in live))
    assert numbers[0] > numbers[2] >= numbers[5] >= numbers[-1] >= 2
    assert numbers[-1] == 14  # one ranking takes as many units, of whichever layer they are
    if death == "magnitude":
        assert training.density() == pytest.approx(0.4, abs=0.04)


@pytest.mark.parametrize("criterion", [name for name in CRITERION if not CRITERION[name].needs_scores])
def test_the_units_with_the_largest_weights_live_first(criterion: str) -> None:
    model = Network(nn.GRU)
    with torch.no_grad():
        recurrent = model.recurrent
        for unit in (3, 7):  # small in all that they are in
            for tensor in (recurrent.weight_hh_l0, recurrent.weight_ih_l0):
                tensor.view(3, 12, -1)[:, unit] = 1e-4  # type: ignore[operator, union-attr]
            recurrent.weight_hh_l0[:, unit] = 1e-4  # type: ignore[operator, index]
            recurrent.weight_ih_l1[:, unit] = 1e-4  # type: ignore[operator, index]
    training = _sparse(model, criterion=criterion, density=0.7)
    live = _consistent(model, training.masks, nn.GRU, tied=False)
    assert bool(live[0][[3, 7]].any()) == (criterion == "random")


@pytest.mark.parametrize("density", [0.05, 0.1, 0.33, 0.5, 0.9, 1.0])
def test_as_many_units_live_as_come_nearest_to_the_density(density: float) -> None:
    model = Network(layers=1)
    training = _sparse(model, density=density, exclude=["embedding"])
    sizes = {units: 4 * units * 8 + 4 * units * units + 20 * units for units in range(1, 13)}
    nearest = min(sizes, key=lambda units: abs(sizes[units] - density * sizes[12]))
    assert training.live() == sizes[nearest]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"death_rate": 0.5}, "pattern 'units' only prunes"),
        ({"sparse_init": "er"}, "got sparse_init, which would have no effect"),
        ({"keep_diagonal": True}, "got keep_diagonal"),
        ({"densities": (("decoder", 0.5),)}, "got densities"),
    ],
)
def test_rules_that_make_no_sense_for_units_are_refused(rules: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        PruningVariant(**{"density": 0.3, "pattern": "units", "death_rate": 0.0, **rules})  # type: ignore[arg-type]


class _TwoHeads(Network):
    def __init__(self) -> None:
        super().__init__()
        self.second = nn.Linear(12, 3)


@pytest.mark.parametrize(
    ("make", "rules", "message"),
    [
        (lambda: nn.LSTM(8, 12), {}, "needs a recurrent layer whose units another one reads"),
        (lambda: nn.LSTM(8, 12, bidirectional=True), {}, "one way and without a projection"),
        (lambda: nn.Linear(8, 12), {}, "one way and without a projection, got Linear"),
        (_TwoHeads, {}, "got decoder, second: give the model an attribute readers"),
        (Network, {"exclude": ["decoder"]}, "got decoder excluded: leave it in"),
        (lambda: nn.ModuleList([nn.LSTM(8, 12), nn.LSTM(9, 12), nn.Linear(12, 2)]), {}, "read each other"),
    ],
)
def test_networks_that_are_no_chain_are_refused(
    make: Callable[[], nn.Module], rules: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _sparse(make(), **rules)


def test_a_model_names_its_readers() -> None:
    model = _TwoHeads()
    model.readers = ["decoder", "second"]  # type: ignore[assignment]
    masks = _sparse(model).masks
    live = _consistent(model, masks, nn.LSTM, tied=False)
    assert torch.equal(masks["second.weight"], live[1].expand(3, -1))


def test_units_that_nobody_reads_stay() -> None:
    masks = _sparse(nn.LSTM(8, 12, 2)).masks
    live = _units(masks["weight_hh_l0"], 4)
    assert 0 < int(live.sum()) < 12
    assert torch.equal(masks["weight_ih_l1"], live.expand(48, -1))
    assert int(masks["weight_hh_l1"].sum()) == 230  # of 576, one by one


@pytest.mark.parametrize("kind", MODELS)
def test_every_language_model_loses_units_or_says_why_not(kind: str) -> None:
    model = build(MODELS[kind](embedding=16, hidden=16), 24)
    recurrent = [module for module in model.modules() if isinstance(module, nn.RNNBase)]
    if not recurrent:
        with pytest.raises(ConfigurationError, match="units are those of"):
            _sparse(model)
        return
    tokens = torch.randint(24, (5, 2))
    training = _sparse(model.eval())
    first = model(tokens)[0]
    with torch.no_grad():  # what a dead unit says reaches nobody
        for module in recurrent:
            for layer in range(module.num_layers):
                name = next(
                    n for n, p in model.named_parameters() if p is getattr(module, f"weight_hh_l{layer}")
                )
                live = training.masks[name].any(dim=1)
                assert not live.all()
                getattr(module, f"bias_ih_l{layer}")[~live] += 3.0
    torch.testing.assert_close(model(tokens)[0], first, rtol=0, atol=1e-6)
