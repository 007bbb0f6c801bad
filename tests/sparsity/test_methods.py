"""Named methods train, keep their promise on density, and follow their density schedules."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD

from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.optim import build
from hyperprune.sparsity import METHODS, PruningVariant, SparseTraining
from hyperprune.sparsity.density_schedule import gradual

MakeModel = Callable[..., nn.Module]
Backward = Callable[..., None]


def _sgd(model: nn.Module) -> SGD:
    return SGD(model.parameters(), lr=0.1, momentum=0.9)


def _train(
    model: nn.Module, sparse: SparseTraining, backward: Backward, steps: int, epoch: int = 10
) -> list[int]:
    live = []
    for step in range(steps):
        if step % epoch == 0:
            sparse.begin_epoch()
        backward(model, step)
        sparse.step()
        live.append(sparse.live())
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
        assert all(not model.get_parameter(n)[~mask].any() for n, mask in sparse.masks.items())
    return live


@pytest.mark.parametrize("density", [0.33, 0.1])
@pytest.mark.parametrize("method", [name for name in METHODS if METHODS[name].variant.pattern == "1x1"])
def test_every_method_ends_at_its_density(
    make_model: MakeModel, backward: Backward, method: str, density: float
) -> None:
    model = make_model()
    sparse = SparseTraining.from_method(
        method,
        model,
        _sgd(model),
        density=density,
        total_steps=40,
        update_interval=5 if METHODS[method].variant.update_interval == 100 else "method",
    )
    size = sum(mask.numel() for mask in sparse.masks.values())
    live = _train(model, sparse, backward, 40)
    assert live[-1] == int(density * size + 0.5)
    if not METHODS[method].variant.scheduled:
        assert set(live) == {live[-1]}
    else:
        assert live[0] > live[-1]
        assert all(later <= earlier for earlier, later in itertools.pairwise(live))


def test_a_method_takes_changes_and_an_unknown_one_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    sparse = SparseTraining.from_method(
        "rigl",
        model,
        _sgd(model),
        density=0.5,
        death_rate=0.1,
        decay="linear",
        sparse_init="uniform",
        update_interval=None,
        exclude=["decoder"],
        densities={"encoder": 1.0},
    )
    variant = sparse.variant
    assert (variant.death_rate, variant.decay, variant.sparse_init) == (0.1, "linear", "uniform")
    assert variant.update_interval is None
    assert variant.growth == "gradient"
    assert "decoder.weight" not in sparse.masks
    assert sparse.masks["encoder.weight"].all()
    with pytest.raises(UnknownNameError, match="unknown method 'RigL': choose one of"):
        SparseTraining.from_method("RigL", model, _sgd(model), density=0.5)


def test_one_shot_prunes_the_smallest_weights_once_halfway(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = SparseTraining.from_method(
        "one_shot_magnitude", model, SGD(model.parameters(), lr=0.1), density=0.25, total_steps=8
    )
    for step in range(4):
        backward(model, step)
        sparse.step()
        assert sparse.density() == 1.0
    weights = {n: model.get_parameter(n).detach().abs().clone() for n in sparse.masks}
    backward(model, 4)
    sparse.step()
    for n, mask in sparse.masks.items():
        assert weights[n][mask].min() >= weights[n][~mask].max()
    masks = {n: mask.clone() for n, mask in sparse.masks.items()}
    for step in range(5, 8):
        backward(model, step)
        sparse.step()
    assert all(torch.equal(masks[n], mask) for n, mask in sparse.masks.items())


def _schedule(**changes: object) -> dict[str, object]:
    choices: dict[str, object] = {
        "density": 0.25,
        "sparse_init": "uniform",
        "death": "magnitude",
        "death_rate": 0,
        "density_schedule": "gradual",
        "schedule_span": (0.0, 0.5),
        "update_interval": 2,
        "total_steps": 20,
    }
    return choices | changes


@pytest.mark.parametrize("death", ["magnitude", "global_magnitude"])
def test_one_shot_at_zero_prunes_a_trained_network_at_once(make_model: MakeModel, death: str) -> None:
    model = make_model()
    weights = {n: p.detach().abs().clone() for n, p in model.named_parameters()}
    optimizer = SGD(model.parameters(), lr=0.1)
    values = _schedule(
        density_schedule="one_shot",
        schedule_span=(0.0, 0.0),
        death=death,
        update_interval=None,
        total_steps=None,
    )
    sparse = SparseTraining(model, optimizer, **values)
    assert sparse.density() == pytest.approx(0.25, abs=1e-3)
    kept = {n: weights[n][mask].min() for n, mask in sparse.masks.items()}
    lost = {n: weights[n][~mask].max() for n, mask in sparse.masks.items()}
    if death == "global_magnitude":
        assert min(kept.values()) >= max(lost.values())
    assert all(kept[n] >= lost[n] for n in kept)


@pytest.mark.parametrize(
    "changes", [{"sparse_init": "er"}, {"densities": {"encoder": 0.9}}, {"death": "global_magnitude"}]
)
def test_a_schedule_is_exact_at_every_update(
    make_model: MakeModel, backward: Backward, changes: dict[str, object]
) -> None:
    model = make_model()
    sparse = SparseTraining(model, SGD(model.parameters(), lr=0.1), **_schedule(**changes))
    size = sum(mask.numel() for mask in sparse.masks.values())
    live = _train(model, sparse, backward, 20)
    for step, count in enumerate(live):
        last = step - step % 2  # the update inside this step or the one before it
        assert count == int(gradual.density(0.25, (0.0, 0.5), last / 20) * size + 0.5)


def test_gradual_is_the_cubic_of_zhu_and_gupta() -> None:
    assert [gradual.density(0.2, (0.25, 0.75), x) for x in (0.0, 0.25, 0.5, 0.75, 1.0)] == pytest.approx(
        [1.0, 1.0, 0.2 + 0.8 / 8, 0.2, 0.2]
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_steps": None}, "needs total_steps, got None"),
        ({"update_interval": 25}, "must end before the last update"),
        ({"death": "global_magnitude", "density": 0.005}, "leaves each matrix one weight"),
    ],
)
def test_a_schedule_that_cannot_end_is_refused(
    make_model: MakeModel, changes: dict[str, object], message: str
) -> None:
    model = make_model()
    with pytest.raises(ConfigurationError, match=message):
        SparseTraining(model, SGD(model.parameters(), lr=0.1), **_schedule(**changes))


class _Gates(nn.Module):
    """A recurrent layer that keeps its two gates in two matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.h, self.t, self.out = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = torch.sigmoid(self.t(x))
        return self.out(torch.tanh(self.h(x)) * gate + x * (1 - gate))


def test_gates_that_share_a_budget_are_pruned_as_one_matrix() -> None:
    torch.manual_seed(0)
    model = _Gates()
    with torch.no_grad():
        model.h.weight.fill_(2.0)
        model.t.weight.fill_(0.1)  # all small weights are the transform gate's
    sparse = SparseTraining.from_method(
        "selfish_rnn",
        model,
        SGD(model.parameters(), lr=0.1),
        density=0.5,
        share_budget=[["h.weight", "t.weight"]],
    )
    before = {name: mask.clone() for name, mask in sparse.masks.items()}
    in_t = int(before["t.weight"].sum())
    in_h = 64 - in_t
    update = sparse.update_topology()
    assert update.died == update.grew
    # half of 64 live weights of 128 die, the smallest of both: of t first, and of h only what is left to take
    lost = {name: int((before[name] & ~sparse.masks[name]).sum()) for name in ("h.weight", "t.weight")}
    assert update.died["h.weight"] == lost["h.weight"] + lost["t.weight"] > 0
    assert lost["h.weight"] <= max(0, 32 - in_t) <= in_h
    assert sparse.masks["t.weight"].any()
    assert int(sparse.masks["h.weight"].sum() + sparse.masks["t.weight"].sum()) == 64


def test_a_variant_gives_the_same_network_as_its_fields(make_model: MakeModel) -> None:
    variant = PruningVariant(
        density=0.3, sparse_init="er", death="set", update_interval=3, exclude=("encoder",)
    )
    one, two = make_model(), make_model()
    by_record = SparseTraining.from_variant(variant, one, _sgd(one))
    by_fields = SparseTraining(
        two,
        _sgd(two),
        density=0.3,
        sparse_init="er",
        death="set",
        growth="random",
        redistribution="none",
        death_rate=0.5,
        update_interval=3,
        exclude=["encoder"],
    )
    assert by_record.variant == by_fields.variant
    assert all(torch.equal(mask, by_fields.masks[n]) for n, mask in by_record.masks.items())


def test_rigl_has_its_published_death_rates() -> None:
    # Evci et al. 2020: p / 2 (1 + cos(pi t / T)) with p = 0.3 and T = 750 of 1,000 steps
    torch.manual_seed(0)
    model = nn.ParameterDict({"a": torch.randn(60, 60), "b": torch.randn(60, 30)})
    sparse = SparseTraining.from_method("rigl", model, _sgd(model), density=0.4, total_steps=1000)
    rates, changed = {}, []
    for step in range(1000):
        before = {n: mask.clone() for n, mask in sparse.masks.items()}
        rates[step] = sparse.death_rate
        for parameter in model.values():
            parameter.grad = torch.randn_like(parameter)
        sparse.step()
        if any(not torch.equal(before[n], mask) for n, mask in sparse.masks.items()):
            changed.append(step)
    assert [rates[step] for step in (100, 500, 700)] == pytest.approx([0.287, 0.075, 0.003], abs=5e-4)
    assert changed == [100, 200, 300, 400, 500, 600, 700]  # none after three quarters of the budget


def test_an_update_of_rigl_takes_the_place_of_the_optimiser_step(
    make_model: MakeModel, backward: Backward
) -> None:
    model = make_model()
    optimizer = _sgd(model)
    sparse = SparseTraining.from_method(
        "rigl", model, optimizer, density=0.3, total_steps=100, update_interval=3
    )
    for step in range(3):
        backward(model, step)
        sparse.step()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    masks = {n: mask.clone() for n, mask in sparse.masks.items()}
    backward(model, 3)
    gradient = model.get_parameter("decoder.weight").grad
    assert sparse.step()  # it counts
    assert sparse.steps == 4
    assert model.get_parameter("decoder.weight").grad is gradient
    assert any(not torch.equal(masks[n], mask) for n, mask in sparse.masks.items())
    for n, p in model.named_parameters():
        mask, old = sparse.masks.get(n), masks.get(n)
        kept = torch.ones_like(p, dtype=torch.bool) if mask is None or old is None else mask & old
        assert torch.equal(p[kept], before[n][kept])  # neither weights nor biases have stepped
        assert not p[~kept].any()
    backward(model, 4)
    sparse.step()
    assert not torch.equal(model.get_parameter("decoder.bias"), before["decoder.bias"])


def test_a_scaler_that_skips_a_step_skips_the_update_in_its_place(
    make_model: MakeModel, backward: Backward
) -> None:
    class Skipping:
        def step(self, optimizer: torch.optim.Optimizer) -> None:
            """Gradients overflowed."""

    model = make_model()
    sparse = SparseTraining.from_method(
        "rigl", model, _sgd(model), density=0.3, total_steps=100, update_interval=1
    )
    backward(model, 0)
    sparse.step()
    masks = {n: mask.clone() for n, mask in sparse.masks.items()}
    backward(model, 1)
    assert not sparse.step(Skipping())
    assert all(torch.equal(masks[n], mask) for n, mask in sparse.masks.items())
    assert sparse.step()
    assert any(not torch.equal(masks[n], mask) for n, mask in sparse.masks.items())


PLAIN = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 10.0, "milestones": (3,)}


@pytest.mark.parametrize(
    ("method", "given", "taken"),
    [
        ("selfish_rnn", [], {"optimizer": "snt-asgd", "milestones": ()}),
        ("selfish_rnn", ["milestones"], {"optimizer": "snt-asgd"}),
        ("selfish_rnn", ["optimizer"], {}),
        ("rigl", [], {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 1.0}),
        ("rigl", ["optimizer", "learning_rate"], {"momentum": 0.9}),
        ("rigl", ["momentum"], {"optimizer": "sgd"}),
        ("snfs", ["optimizer"], {"momentum": 0.9, "learning_rate": 1.0}),
        ("set", [], {}),
    ],
)
def test_a_method_gives_a_recipe_what_its_user_left_out(
    method: str, given: list[str], taken: dict[str, object]
) -> None:
    assert METHODS[method].completed(PLAIN, given) == taken


def test_another_optimiser_than_the_method_s_is_said(
    make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    for method, optimizer, says in (
        ("selfish_rnn", "snt-asgd", ""),
        ("selfish_rnn", "sgd", "selfish_rnn was published with snt-asgd, this training has sgd"),
        ("selfish_rnn", "nt-asgd", "this training has nt-asgd"),
        ("rigl", "sgd", "rigl was published with sgd and momentum 0.9, this training has sgd:"),
        ("set", "adam", ""),
    ):
        caplog.clear()
        model = make_model()
        SparseTraining.from_method(method, model, build(optimizer, model, lr=0.1), density=0.3)
        assert says in caplog.text
        assert bool(caplog.records) == bool(says)
