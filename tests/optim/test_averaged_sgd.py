"""NT-ASGD and SNT-ASGD against torch's ASGD and against an average kept by hand."""

import copy
import io
import json

import pytest
import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError, DivergedError
from hyperprune.optim import AveragedSGD, build
from hyperprune.sparsity import FollowsTopology, SparseTraining

NAMES = ["nt-asgd", "snt-asgd"]


def _model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 4))


def _backward(model: nn.Module, step: int) -> None:
    data = torch.randn(7, 5, generator=torch.Generator().manual_seed(step)).to(next(model.parameters()).dtype)
    model.zero_grad()
    (model(data).square().mean() + model(data).mean()).backward()


def _averaged(name: str, model: nn.Module, **values: float) -> AveragedSGD:
    optimizer = build(name, model, **({"lr": 0.1} | values))
    assert isinstance(optimizer, AveragedSGD)
    return optimizer


def _switch_on(optimizer: AveragedSGD) -> None:
    fired = [optimizer.observe(1.0 if index < 6 else 2.0) for index in range(7)]
    assert fired == [False] * 6 + [True]


def _sparse(model: nn.Module, optimizer: AveragedSGD, **changes: object) -> SparseTraining:
    choices: dict[str, object] = {
        "density": 0.5,
        "sparse_init": "uniform",
        "death": "magnitude",
        "growth": "random",
        "redistribution": "none",
        "death_rate": 0.5,
    }
    return SparseTraining(model, optimizer, **(choices | changes))


@pytest.mark.parametrize(
    ("losses", "nonmonotone", "fires"),
    [
        ([5, 4, 3, 2, 1, 0.5, 0.4], 5, None),
        ([1, 2, 3, 4, 5, 0.9, 2], 5, 6),  # v_6 > min(v_0): the first evaluation that can fire is n + 1
        ([1, 2, 2, 2, 2, 2, 1, 1.5], 5, 7),  # equal is not greater
        ([3, 2, 4], 1, 2),  # v_2 > min(v_0)
        ([3, 2, 2.5, 2.6], 1, 3),  # v_2 = 2.5 is below v_0; v_3 > min(v_0, v_1)
    ],
)
def test_the_trigger_by_hand(losses: list[float], nonmonotone: int, fires: int | None) -> None:
    optimizer = _averaged("nt-asgd", _model(), nonmonotone=nonmonotone)
    fired = [optimizer.observe(loss) for loss in losses]
    assert fired == [index == fires for index in range(len(losses))]
    assert optimizer.averaging is (fires is not None)


def test_the_trigger_is_never_undone() -> None:
    optimizer = _averaged("nt-asgd", _model())
    _switch_on(optimizer)
    assert not any(optimizer.observe(loss) for loss in (0.1, 9.0))
    assert optimizer.averaging


def test_a_loss_that_is_not_finite_is_divergence() -> None:
    with pytest.raises(DivergedError, match="validation loss must be finite, got nan"):
        _averaged("nt-asgd", _model()).observe(float("nan"))


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
@pytest.mark.parametrize("name", NAMES)
def test_before_the_switch_it_is_sgd(name: str, weight_decay: float) -> None:
    ours, theirs = _model(), _model()
    optimizer = _averaged(name, ours, weight_decay=weight_decay)
    peer = torch.optim.SGD(theirs.parameters(), lr=0.1, weight_decay=weight_decay)
    for step in range(5):
        for model, stepped in ((ours, optimizer), (theirs, peer)):
            _backward(model, step)
            stepped.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not optimizer.state


@pytest.mark.parametrize("steps", [1, 2, 3, 20])
@pytest.mark.parametrize("name", NAMES)
def test_averages_are_those_of_torch_asgd_from_the_switch(name: str, steps: int) -> None:
    ours, theirs = _model().double(), _model().double()
    optimizer = _averaged(name, ours, lr=0.125)
    for step in range(3):
        _backward(ours, step)
        optimizer.step()
    _switch_on(optimizer)
    theirs.load_state_dict(ours.state_dict())
    peer = torch.optim.ASGD(theirs.parameters(), lr=0.125, lambd=0, t0=0, weight_decay=0)
    for step in range(3, 3 + steps):
        for model, stepped in ((ours, optimizer), (theirs, peer)):
            _backward(model, step)
            stepped.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        # torch keeps its 1 / count in float32
        torch.testing.assert_close(optimizer.average_of(one), peer.state[other]["ax"], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_averages_are_lent_and_the_raw_weights_come_back(name: str) -> None:
    model = _model()
    optimizer = _averaged(name, model)
    with optimizer.averaged():  # nothing to lend yet
        pass
    _switch_on(optimizer)
    for step in range(4):
        _backward(model, step)
        optimizer.step()
    raw = [p.detach().clone() for p in model.parameters()]
    averages = [optimizer.average_of(p) for p in model.parameters()]
    with optimizer.averaged():
        assert all(torch.equal(p, a) for p, a in zip(model.parameters(), averages, strict=True))
        with pytest.raises(RuntimeError, match="cannot be nested"), optimizer.averaged():
            pass
        with pytest.raises(RuntimeError, match="leave the context"):
            optimizer.step()
    assert all(torch.equal(p, r) for p, r in zip(model.parameters(), raw, strict=True))
    with pytest.raises(ZeroDivisionError), optimizer.averaged():
        raise ZeroDivisionError
    assert all(torch.equal(p, r) for p, r in zip(model.parameters(), raw, strict=True))
    assert any(not torch.equal(a, r) for a, r in zip(averages, raw, strict=True))


class _ByHand:
    """For each weight the list of its values since it began to count, the first one left out."""

    def __init__(self, parameter: Tensor) -> None:
        self.values: list[list[float]] = [[] for _ in range(parameter.numel())]

    def restart(self, grown: Tensor) -> None:
        for index in grown.flatten().nonzero().flatten().tolist():
            self.values[index] = []

    def add(self, parameter: Tensor) -> None:
        for index, value in enumerate(parameter.flatten().tolist()):
            self.values[index].append(value)

    def average(self, mask: Tensor) -> Tensor:
        means = [sum(v[1:]) / len(v[1:]) if len(v) > 1 else v[0] for v in self.values]
        return torch.tensor(means, dtype=torch.float64).view(mask.shape) * mask


@pytest.mark.parametrize("growth", ["random", "gradient"])
@pytest.mark.parametrize("interval", [1, 3, "epoch"])
@pytest.mark.parametrize("name", NAMES)
def test_a_weight_counts_from_the_later_of_switch_and_growth(
    name: str, interval: int | str, growth: str
) -> None:
    model = _model().double()
    optimizer = _averaged(name, model)
    sparse = _sparse(model, optimizer, update_interval=interval, growth=growth)
    by_hand = {n: _ByHand(model.get_parameter(n)) for n in sparse.masks}
    inner, log = optimizer.topology_changed, {}

    def listening(parameter: Tensor, mask: Tensor, grown: Tensor | None) -> None:
        assert grown is not None
        log[parameter] = grown.clone()
        inner(parameter, mask, grown)

    optimizer.topology_changed = listening
    for step in range(14):
        if step % 4 == 0:
            sparse.begin_epoch()
        if step == 5:
            _switch_on(optimizer)
        _backward(model, step)
        sparse.step()
        for n, hand in by_hand.items():
            parameter = model.get_parameter(n)
            if parameter in log and name == "snt-asgd":
                hand.restart(log[parameter])
            if step >= 5:
                hand.add(parameter)
                expected = hand.average(sparse.masks[n])
                torch.testing.assert_close(optimizer.average_of(parameter), expected, rtol=1e-12, atol=1e-14)
                assert not optimizer.average_of(parameter)[~sparse.masks[n]].any()
        log.clear()


def test_averages_between_an_update_and_the_next_step_are_zero_where_grown() -> None:
    model = _model()
    optimizer = _averaged("snt-asgd", model)
    sparse = _sparse(model, optimizer)
    _switch_on(optimizer)
    for step in range(3):
        _backward(model, step)
        sparse.step()
    before = {n: mask.clone() for n, mask in sparse.masks.items()}
    sparse.update_topology()
    for n, mask in sparse.masks.items():
        grown = mask & ~before[n]
        assert grown.any()
        assert not optimizer.average_of(model.get_parameter(n))[grown].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("cut", [3, 6, 7, 9])
def test_a_run_continues_from_its_state_bit_for_bit(cut: int, dtype: torch.dtype) -> None:
    def start() -> tuple[nn.Module, AveragedSGD, SparseTraining]:
        model = _model().to(dtype)
        optimizer = _averaged("snt-asgd", model)
        return model, optimizer, _sparse(model, optimizer, update_interval=2)

    def train(model: nn.Module, optimizer: AveragedSGD, sparse: SparseTraining, steps: range) -> None:
        for step in steps:
            if step == 4:
                _switch_on(optimizer)
            _backward(model, step)
            sparse.step()

    model, optimizer, sparse = start()
    train(model, optimizer, sparse, range(cut))
    state = optimizer.state_dict()
    plain = json.loads(json.dumps(state["param_groups"]))  # all that is not a tensor is JSON
    tensors = {
        index: {name: value.clone() for name, value in entries.items()}
        for index, entries in state["state"].items()
    }
    saved_model = {name: value.clone() for name, value in model.state_dict().items()}
    saved_sparse = sparse.state_dict()
    train(model, optimizer, sparse, range(cut, 13))

    other, other_optimizer, other_sparse = start()
    other.load_state_dict(saved_model)
    other_optimizer.load_state_dict({"state": tensors, "param_groups": plain})
    other_sparse.load_state_dict(saved_sparse)
    train(other, other_optimizer, other_sparse, range(cut, 13))
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
        assert torch.equal(optimizer.average_of(one), other_optimizer.average_of(two))


def test_a_float32_average_of_many_steps_stays_exact() -> None:
    parameter = nn.Parameter(torch.full((1000,), 0.1))
    optimizer = AveragedSGD([parameter], lr=1.0, restart=False)
    _switch_on(optimizer)
    exact = torch.zeros(1000, dtype=torch.float64)
    for step in range(5000):
        noise = torch.randn(1000, generator=torch.Generator().manual_seed(step)) * 0.01
        with torch.no_grad():
            parameter.copy_(0.1 + noise)
        parameter.grad = torch.zeros(1000)
        optimizer.step()
        exact += parameter.detach().double() if step else 0
    # rounding of a float32 sum of 5,000 terms: about sqrt(5000) * 6e-8
    torch.testing.assert_close(optimizer.average_of(parameter).double(), exact / 4999, rtol=2e-5, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_momentum_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} takes no momentum, got 0.9"):
        build(name, _model(), lr=1.0, momentum=0.9)


def test_sparse_training_knows_it_by_structure() -> None:
    assert isinstance(_averaged("snt-asgd", _model()), FollowsTopology)
    assert not isinstance(torch.optim.SGD(_model().parameters()), FollowsTopology)


def test_a_closure_is_evaluated() -> None:
    model = _model()
    optimizer = _averaged("nt-asgd", model)

    def closure() -> float:
        _backward(model, 0)
        return 3.0

    assert optimizer.step(closure) == 3.0


@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
@pytest.mark.parametrize("name", NAMES)
def test_a_copy_goes_on_as_the_original(name: str, how: str) -> None:
    """Copies lost the restart, the masks and whether averages are lent, and died at their first step."""
    model = _model()
    optimizer = _averaged(name, model)
    sparse = _sparse(model, optimizer, update_interval=2)
    _switch_on(optimizer)
    for step in range(5):
        _backward(model, step)
        sparse.step()
    both = model, optimizer
    if how == "deepcopy":
        other, copied = copy.deepcopy(both)
    else:
        file = io.BytesIO()
        torch.save(both, file)
        file.seek(0)
        other, copied = torch.load(file, weights_only=False)  # written above by this test
    assert copied.restart == optimizer.restart
    for step in range(5, 8):
        _backward(model, step)
        _backward(other, step)
        optimizer.step()
        copied.step()
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
        assert torch.equal(optimizer.average_of(one), copied.average_of(two))
