"""What sparse training does to an optimiser's state, and what it refuses."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import SparseTraining
from hyperprune.sparsity.optimizers.state import state_tensors

MakeModel = Callable[..., nn.Module]
Backward = Callable[..., None]
OPTIMIZERS = {
    "sgd": lambda model: SGD(model.parameters(), lr=0.1, momentum=0.9),
    "nesterov": lambda model: SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda model: Adam(model.parameters(), lr=0.01, amsgrad=True),
    "adamw": lambda model: AdamW(model.parameters(), lr=0.01),
}


def _sparse(model: nn.Module, optimizer: Optimizer, **changes: object) -> SparseTraining:
    choices: dict[str, object] = {
        "density": 0.4,
        "sparse_init": "uniform",
        "death": "magnitude",
        "growth": "random",
        "redistribution": "none",
        "death_rate": 0.5,
    }
    return SparseTraining(model, optimizer, **(choices | changes))


def _copy(masks: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: mask.clone() for name, mask in masks.items()}


@pytest.mark.parametrize("growth", ["random", "gradient", "momentum"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_moments_are_cleared_exactly_where_newly_grown(
    make_model: MakeModel, backward: Backward, name: str, growth: str
) -> None:
    model = make_model()
    optimizer = OPTIMIZERS[name](model)
    sparse = _sparse(model, optimizer, growth=growth)
    for step in range(3):
        backward(model, step)
        sparse.step()
    states = state_tensors(optimizer, {n: model.get_parameter(n) for n in sparse.masks})
    before = {n: [t.clone() for t in own] for n, own in states.items()}
    masks, weights = _copy(sparse.masks), {n: model.get_parameter(n).detach().clone() for n in sparse.masks}
    sparse.update_topology()
    for n, mask in sparse.masks.items():
        survivors, grown = mask & masks[n], mask & ~masks[n]
        assert torch.equal(model.get_parameter(n)[survivors], weights[n][survivors])
        assert grown.any()
        assert not model.get_parameter(n)[grown].any()
        for old, new in zip(before[n], states[n], strict=True):
            assert not new[grown].any()
            assert torch.equal(new[survivors], old[survivors])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_momentum_of_dead_weights_is_kept_only_for_growth_by_momentum(
    make_model: MakeModel, backward: Backward, name: str
) -> None:
    for growth in ("random", "momentum"):
        model = make_model()
        optimizer = OPTIMIZERS[name](model)
        sparse = _sparse(model, optimizer, growth=growth)
        for step in range(3):
            backward(model, step)
            sparse.step()
        states = state_tensors(optimizer, {n: model.get_parameter(n) for n in sparse.masks})
        dead = [tensor[~sparse.masks[n]].any() for n, own in states.items() for tensor in own]
        assert all(dead) if growth == "momentum" else not any(dead)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_growth_by_momentum_takes_the_largest_of_the_dead(
    make_model: MakeModel, backward: Backward, name: str
) -> None:
    model = make_model()
    optimizer = OPTIMIZERS[name](model)
    sparse = _sparse(model, optimizer, growth="momentum", death_rate=0.2)
    for step in range(3):
        backward(model, step)
        sparse.step()
    key = "momentum_buffer" if name == "sgd" else "exp_avg"
    weight = model.get_parameter("decoder.weight")
    momentum, mask = optimizer.state[weight][key].abs().clone(), sparse.masks["decoder.weight"].clone()
    update = sparse.update_topology()
    grown = sparse.masks["decoder.weight"] & ~mask
    still_dead = ~sparse.masks["decoder.weight"] & ~mask
    assert update.grew["decoder.weight"] > 0
    assert grown.any()
    assert momentum[grown].min() >= momentum[still_dead].max()


def test_growth_by_gradient_takes_the_largest_of_the_dead(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", death_rate=0.2)
    backward(model, 0)
    mask = sparse.masks["decoder.weight"].clone()
    gradient = model.get_parameter("decoder.weight").grad
    assert gradient is not None
    sparse.update_topology()
    grown = sparse.masks["decoder.weight"] & ~mask
    assert gradient.abs()[grown].min() >= gradient.abs()[~sparse.masks["decoder.weight"] & ~mask].max()


def test_growth_by_gradient_waits_for_the_first_step_of_an_epoch(
    make_model: MakeModel, backward: Backward
) -> None:
    model = make_model()
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval="epoch")
    sparse.begin_epoch()
    backward(model, 0)
    sparse.step()
    first = _copy(sparse.masks)
    sparse.begin_epoch()
    assert all(torch.equal(first[n], mask) for n, mask in sparse.masks.items())
    saved = sparse.state_dict()
    assert saved["pending"] is True
    for step, changes in ((1, True), (2, False)):
        before = _copy(sparse.masks)
        backward(model, step)
        sparse.step()
        assert any(not torch.equal(before[n], mask) for n, mask in sparse.masks.items()) is changes


def test_growth_by_gradient_without_gradients_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient")
    with pytest.raises(ConfigurationError, match="must come after the backward pass"):
        sparse.update_topology()


def test_growth_by_momentum_before_the_first_step_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model, OPTIMIZERS["adam"](model), growth="momentum")
    with pytest.raises(ConfigurationError, match="must come after the first step"):
        sparse.update_topology()


@pytest.mark.parametrize(("growth", "redistribution"), [("momentum", "none"), ("random", "momentum")])
@pytest.mark.parametrize("betas", [None, (0.0, 0.999)])
def test_momentum_without_a_momentum_is_refused(
    make_model: MakeModel, growth: str, redistribution: str, betas: tuple[float, float] | None
) -> None:
    model = make_model()
    optimizer = SGD(model.parameters(), lr=0.1) if betas is None else Adam(model.parameters(), betas=betas)
    with pytest.raises(ConfigurationError, match=r"reads momenta, got (SGD|Adam) that keeps none"):
        _sparse(model, optimizer, growth=growth, redistribution=redistribution)
    _sparse(model, optimizer, growth=growth, redistribution=redistribution, death_rate=0)  # static reads none


def test_gradients_accumulate_between_steps(make_model: MakeModel, backward: Backward) -> None:
    def train(batches: list[list[int]]) -> tuple[dict[str, torch.Tensor], SparseTraining]:
        model = make_model()
        sparse = _sparse(
            model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval=1, death_rate=0.3
        )
        for batch in batches:
            total = {n: torch.zeros_like(p) for n, p in model.named_parameters()}
            for step in batch:
                backward(model, step, scale=1 / len(batch))
                for n, p in model.named_parameters():
                    total[n] += p.grad
            for n, p in model.named_parameters():
                p.grad = total[n]
            sparse.step()
        return {n: p.detach() for n, p in model.named_parameters()}, sparse

    weights, sparse = train([[0, 1], [2, 3], [4, 5]])
    assert sparse.steps == 3  # a step is a call of step(), not a backward pass
    assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
    assert all(not weights[n][~mask].any() for n, mask in sparse.masks.items())


def test_a_parameter_that_the_loss_does_not_reach_counts_as_gradient_zero() -> None:
    model = nn.ParameterDict({"used": torch.randn(4, 4), "unused": torch.randn(4, 4)})
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval=1)
    for _ in range(3):
        model["used"].grad = torch.randn(4, 4)
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()


def test_sparse_gradients_of_an_embedding_are_understood() -> None:
    torch.manual_seed(0)
    model = nn.Embedding(7, 5, sparse=True)
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval=1)
    for _ in range(3):
        model.zero_grad()
        model(torch.tensor([1, 2, 2])).square().sum().backward()
        sparse.step()
        assert int(sparse.masks["weight"].sum()) == sparse.live()
        assert not model.weight[~sparse.masks["weight"]].any()


START = {
    "rprop": (lambda p: torch.optim.Rprop(p, lr=0.07), "step_size", 0.07),
    "adagrad": (lambda p: torch.optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.5), "sum", 0.5),
    "sgd": (lambda p: SGD(p, lr=0.1, momentum=0.9), "momentum_buffer", 0.0),
    "rmsprop": (lambda p: torch.optim.RMSprop(p, lr=0.1), "square_avg", 0.0),
}


@pytest.mark.parametrize("name", START)
def test_state_of_grown_weights_takes_the_start_values_of_the_optimiser(
    make_model: MakeModel, backward: Backward, name: str
) -> None:
    # Rprop started grown weights at a step size of 0, which it raises to 1e-6: 10,000 times too small
    make, key, start = START[name]
    model = make_model()
    optimizer = make(model.parameters())
    sparse = _sparse(model, optimizer)
    for step in range(3):
        backward(model, step)
        sparse.step()
    masks = _copy(sparse.masks)
    sparse.update_topology()
    for n, mask in sparse.masks.items():
        grown = mask & ~masks[n]
        state = optimizer.state[model.get_parameter(n)][key]
        assert grown.any()
        assert torch.equal(state[grown], torch.full_like(state[grown], start))


class _Accelerated(Optimizer):
    """Built as accelerate's: hands all through, has no hooks, and steps when gradients are whole."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.whole = True

    @property
    def state(self):  # type: ignore[no-untyped-def, override]
        return self.optimizer.state

    @property
    def param_groups(self):  # type: ignore[no-untyped-def, override]
        return self.optimizer.param_groups

    def step(self, closure: object = None) -> None:  # type: ignore[override]
        if self.whole:
            self.optimizer.step(closure)


class _Lookahead(Optimizer):
    """Slow weights that the fast ones return to every second step; kept in the state, or in a list."""

    def __init__(self, optimizer: Optimizer, listed: bool = False) -> None:
        self.optimizer = optimizer
        self.param_groups = optimizer.param_groups
        self.state = {} if listed else {p: {} for g in self.param_groups for p in g["params"]}
        self.slow = [p.detach().clone() for g in self.param_groups for p in g["params"]] if listed else []
        self.steps = 0

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]
        self.optimizer.step(closure)
        self.steps += 1
        for parameter, state in self.state.items():
            slow = state.setdefault("slow", parameter.detach().clone())
            if self.steps % 2 == 0:
                slow += 0.5 * (parameter - slow)
                parameter.copy_(slow)


class _SAM(Optimizer):
    """Climbs, takes the gradient there by a closure, goes back and descends by another optimiser."""

    def __init__(self, params: object, base: type[Optimizer], **options: object) -> None:
        super().__init__(params, options)  # type: ignore[arg-type]
        self.base_optimizer = base(self.param_groups, **options)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def step(self, closure: Callable[[], object] | None = None) -> None:  # type: ignore[override]
        assert closure is not None
        parameters = [p for group in self.param_groups for p in group["params"]]
        for p in parameters:
            self.state[p]["old"] = p.detach().clone()
            p += 0.05 * p.grad
        with torch.enable_grad():
            closure()
        for p in parameters:
            p.copy_(self.state[p]["old"])
        self.base_optimizer.step()


def test_an_accelerated_optimiser_is_as_the_one_inside(make_model: MakeModel, backward: Backward) -> None:
    one, two = make_model(), make_model()
    inner, plain = OPTIMIZERS["sgd"](one), OPTIMIZERS["sgd"](two)
    outer = _Accelerated(inner)
    wrapped = _sparse(one, outer, growth="momentum", update_interval=2)
    direct = _sparse(two, plain, growth="momentum", update_interval=2)
    for step in range(6):
        for model in (one, two):
            backward(model, step)
        outer.whole = False
        assert not wrapped.step()  # gradients accumulate
        outer.whole = True
        assert wrapped.step()
        assert direct.step()
    assert wrapped.steps == 6
    for n, mask in direct.masks.items():
        assert torch.equal(mask, wrapped.masks[n])
        assert torch.equal(one.get_parameter(n), two.get_parameter(n))
        assert torch.equal(
            *(o.state[m.get_parameter(n)]["momentum_buffer"] for o, m in ((inner, one), (plain, two)))
        )


def test_lookahead_never_brings_dead_weights_back(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    optimizer = _Lookahead(OPTIMIZERS["sgd"](model))
    sparse = _sparse(model, optimizer, update_interval=3)
    for step in range(10):
        backward(model, step)
        before = _copy(sparse.masks)
        assert sparse.step()
        for n, mask in sparse.masks.items():
            assert not model.get_parameter(n)[~mask].any()
            slow = optimizer.state[model.get_parameter(n)].get("slow")
            assert slow is None or not slow[~mask].any()
            assert step == 0 or before[n].equal(mask) == (step % 3 != 0)
    with pytest.raises(ConfigurationError, match="_Lookahead, which keeps copies of weights elsewhere"):
        _sparse(model, _Lookahead(OPTIMIZERS["sgd"](model), listed=True))


def test_sam_steps_with_a_closure_on_a_sparse_network(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    optimizer = _SAM(model.parameters(), SGD, lr=0.1, momentum=0.9)
    sparse = _sparse(model, optimizer, growth="gradient", update_interval=2)
    seen = []

    def closure(step: int) -> None:
        seen.append(all(not model.get_parameter(n)[~mask].any() for n, mask in sparse.masks.items()))
        backward(model, step)

    for step in range(5):
        backward(model, step)
        before = _copy(sparse.masks)
        assert sparse.step(closure=lambda step=step: closure(step))
        for n, mask in sparse.masks.items():
            assert not model.get_parameter(n)[~mask].any()
            assert not optimizer.base_optimizer.state[model.get_parameter(n)]["momentum_buffer"][~mask].any()
            assert step == 0 or before[n].equal(mask) == (step % 2 != 0)
    assert sparse.steps == 5
    assert all(seen)  # also where it had climbed along dead weights


def test_an_optimiser_that_mixes_all_weights_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    with pytest.raises(ConfigurationError, match="LBFGS, which cannot step without a closure"):
        _sparse(model, torch.optim.LBFGS(model.parameters()))


def test_what_is_no_optimiser_is_refused(make_model: MakeModel) -> None:
    class Wrapper:
        def __init__(self, optimizer: Optimizer) -> None:
            self.inner, self.param_groups = optimizer, optimizer.param_groups

    model = make_model()
    with pytest.raises(ConfigurationError, match=r"must be a torch\.optim\.Optimizer, got Wrapper"):
        _sparse(model, Wrapper(OPTIMIZERS["sgd"](model)))  # type: ignore[arg-type]


def test_a_closure_of_a_plain_optimiser_gives_growth_its_gradients(
    make_model: MakeModel, backward: Backward
) -> None:
    one, two = make_model(), make_model()
    with_closure = _sparse(one, SGD(one.parameters(), lr=0.1), growth="gradient", update_interval=2)
    without = _sparse(two, SGD(two.parameters(), lr=0.1), growth="gradient", update_interval=2)
    for step in range(5):
        with_closure.step(closure=lambda step=step: backward(one, step))
        backward(two, step)
        without.step()
        assert all(torch.equal(mask, with_closure.masks[n]) for n, mask in without.masks.items())
