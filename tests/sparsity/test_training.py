import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import SparseTraining

Backward = Callable[..., None]
MakeModel = Callable[..., nn.Module]


def _sparse(
    model: nn.Module, optimizer: torch.optim.Optimizer | None = None, **changes: object
) -> SparseTraining:
    choices: dict[str, object] = {
        "density": 0.33,
        "sparse_init": "uniform",
        "death": "magnitude",
        "growth": "random",
        "redistribution": "none",
        "death_rate": 0.5,
    }
    return SparseTraining(model, optimizer or SGD(model.parameters(), lr=0.5), **(choices | changes))


def _dead_are_zero(model: nn.Module, sparse: SparseTraining) -> bool:
    parameters = dict(model.named_parameters())
    return all(not parameters[name][~mask].any() for name, mask in sparse.masks.items())


def _count(sparse: SparseTraining) -> int:
    return sum(int(mask.sum()) for mask in sparse.masks.values())


def test_the_network_is_sparse_from_the_start(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model)
    size = sum(p.numel() for p in model.parameters() if p.dim() > 1)
    assert _count(sparse) == sparse.live() == int(0.33 * size + 0.5)
    assert sparse.density() == sparse.live() / size
    assert _dead_are_zero(model, sparse)


@pytest.mark.parametrize("redistribution", ["none", "nonzeros"])
@pytest.mark.parametrize("death", ["magnitude", "global_magnitude"])
@pytest.mark.parametrize("sparse_init", ["uniform", "er"])
def test_the_count_is_exact_through_training(
    make_model: MakeModel, backward: Backward, sparse_init: str, death: str, redistribution: str
) -> None:
    model = make_model()
    sparse = _sparse(
        model,
        sparse_init=sparse_init,
        death=death,
        redistribution=redistribution,
        update_interval=2,
        death_rate=0.8,
    )
    live, first = sparse.live(), {name: mask.clone() for name, mask in sparse.masks.items()}
    for step in range(12):
        backward(model, step)
        sparse.step()
        assert _count(sparse) == sparse.live() == live
        assert _dead_are_zero(model, sparse)
    assert any(not torch.equal(first[name], mask) for name, mask in sparse.masks.items())


def test_static_masks_never_change(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, death_rate=0, update_interval=1)
    first = {name: mask.clone() for name, mask in sparse.masks.items()}
    for step in range(3):
        sparse.begin_epoch()
        backward(model, step)
        sparse.step()
    sparse.update_topology()
    assert all(torch.equal(first[name], mask) for name, mask in sparse.masks.items())


def test_the_order_inside_a_step_is_update_optimiser_mask(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, update_interval=1)
    backward(model, 0)
    sparse.step()
    before = {name: mask.clone() for name, mask in sparse.masks.items()}
    backward(model, 1)
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    sparse.step()
    # a weight that grew in this step was 0 and then stepped by its gradient: the update came first
    for name, mask in sparse.masks.items():
        grown = mask & ~before[name]
        assert grown.any()
        assert torch.equal(model.get_parameter(name)[grown], -0.5 * gradients[name][grown])
    # the optimiser moved dead weights too, so the mask came last
    assert _dead_are_zero(model, sparse)


def test_a_step_registers_hooks_only_beside_others(make_model: MakeModel, backward: Backward) -> None:
    """An optimiser that steps by itself needs none; among a user's hooks ours come last, as registered."""
    seen: list[str] = []
    model = make_model()
    optimizer = SGD(model.parameters(), lr=0.1)
    sparse = _sparse(model, optimizer)
    register = optimizer.register_step_pre_hook

    def noted(hook: Any) -> Any:
        seen.append("registered")
        return register(hook)

    optimizer.register_step_pre_hook = noted  # type: ignore[method-assign]
    backward(model, 0)
    assert sparse.step()
    assert seen == []
    own = register(lambda *_: seen.append(f"steps {sparse.steps}"))
    backward(model, 0)
    assert sparse.step()
    own.remove()
    assert seen == ["registered", "steps 1"]
    assert sparse.steps == 2


def test_an_update_by_hand_says_what_it_did(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model, redistribution="nonzeros", death="global_magnitude")
    live, before = sparse.live(), {name: mask.clone() for name, mask in sparse.masks.items()}
    update = sparse.update_topology()
    after = sparse.masks
    assert sum(update.died.values()) == sum(int((m & ~after[n]).sum()) for n, m in before.items())
    assert 0 < sum(update.died.values()) == sum(update.grew.values()) <= live // 2
    assert (update.step, update.death_rate) == (0, 0.5)
    assert _dead_are_zero(model, sparse)


def test_grown_weights_start_at_zero(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model, death_rate=0.9, density=0.9)  # so dense that most who die are chosen again
    before = {n: (mask.clone(), model.get_parameter(n).detach().clone()) for n, mask in sparse.masks.items()}
    sparse.update_topology()
    for name, mask in sparse.masks.items():
        weight, (was_live, value) = model.get_parameter(name), before[name]
        assert torch.equal(weight[mask & was_live], value[mask & was_live])
        assert (mask & ~was_live).any()
        assert not weight[mask & ~was_live].any()


def test_a_full_matrix_keeps_its_values() -> None:
    # as the prior of wt2-mos-small, 288 weights: an update at 0.7 set 201 of them to 0
    model = nn.ParameterDict({"full": torch.randn(12, 24), "other": torch.randn(40, 24)})
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    sparse = _sparse(model, optimizer, densities={"full": 1.0}, density=0.5, death_rate=0.7)
    for parameter in model.values():
        parameter.grad = torch.randn_like(parameter)
    sparse.step()
    value = model["full"].detach().clone()
    momentum = optimizer.state[model["full"]]["momentum_buffer"].clone()
    update = sparse.update_topology()
    assert update.died["full"] == update.grew["full"] == 0
    assert update.died["other"] == update.grew["other"] > 0
    assert torch.equal(model["full"], value)
    assert torch.equal(optimizer.state[model["full"]]["momentum_buffer"], momentum)


@pytest.mark.parametrize(("method", "growth"), [("rigl", "gradient"), ("snfs", "momentum")])
def test_a_full_last_layer_keeps_its_values_under_named_methods(method: str, growth: str) -> None:
    torch.manual_seed(0)
    layers = nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
    model = nn.Sequential(*layers)  # LeNet-300-100
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    sparse = SparseTraining.from_method(method, model, optimizer, density=0.1, densities={"4.weight": 1.0})
    assert sparse.variant.growth == growth
    model(torch.randn(8, 784)).square().mean().backward()
    sparse.step()
    value = layers[4].weight.detach().clone()
    model(torch.randn(8, 784)).square().mean().backward()
    sparse.update_topology()
    assert torch.equal(layers[4].weight, value)


def test_steps_between_updates(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, update_interval=3, total_steps=9, decay="constant")
    changed = []
    for step in range(12):
        before = {name: mask.clone() for name, mask in sparse.masks.items()}
        backward(model, step)
        sparse.step()
        changed.append(any(not torch.equal(before[n], m) for n, m in sparse.masks.items()))
    assert [i for i, c in enumerate(changed) if c] == [3, 6]  # none at 9: the budget is over
    assert sparse.steps == 12


def test_epochs_begin_with_an_update_but_the_first(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, update_interval="epoch", total_steps=6, decay="constant")
    changed = []
    for epoch in range(4):
        before = {name: mask.clone() for name, mask in sparse.masks.items()}
        sparse.begin_epoch()
        changed.append(any(not torch.equal(before[n], m) for n, m in sparse.masks.items()))
        for step in range(2):
            after = {name: mask.clone() for name, mask in sparse.masks.items()}
            backward(model, 2 * epoch + step)
            sparse.step()
            assert all(torch.equal(after[n], m) for n, m in sparse.masks.items())
    assert changed == [False, True, True, False]  # the budget ends with the third epoch


@pytest.mark.parametrize("interval", [None, 5])
def test_begin_epoch_does_nothing_with_other_intervals(make_model: MakeModel, interval: int | None) -> None:
    sparse = _sparse(make_model(), update_interval=interval)
    before = {name: mask.clone() for name, mask in sparse.masks.items()}
    for _ in range(3):
        sparse.begin_epoch()
    assert all(torch.equal(before[name], mask) for name, mask in sparse.masks.items())


def test_the_rate_decays_over_the_full_budget(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, total_steps=4, death_rate=0.8)
    rates = [sparse.death_rate]
    for step in range(6):
        backward(model, step)
        sparse.step()
        rates.append(sparse.death_rate)
    assert rates[0] == 0.8
    assert rates[2] == pytest.approx((0.8 + 0.005) / 2)
    assert rates[4] == rates[6] == pytest.approx(0.005)


def test_without_a_budget_the_rate_is_constant(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model)
    backward(model, 0)
    sparse.step()
    assert sparse.death_rate == 0.5


def test_equal_generators_give_equal_masks(make_model: MakeModel) -> None:
    masks = [
        _sparse(make_model(), generator=torch.Generator().manual_seed(seed)).masks["decoder.weight"]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_clipping_over_all_or_live_gradients(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model)
    backward(model, 0)
    everything = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
    live = torch.cat(
        [
            (p.grad * sparse.masks.get(n, 1)).flatten()
            for n, p in model.named_parameters()
            if p.grad is not None
        ]
    ).norm()
    dead_gradient = dict(model.named_parameters())["decoder.weight"].grad
    assert dead_gradient is not None
    before = dead_gradient.clone()
    assert sparse.clip_grad_norm_(0.01, scope="live") == pytest.approx(float(live), rel=1e-6)
    # dead gradients are scaled like the others, so that growth can still rank them
    torch.testing.assert_close(dead_gradient, before * (0.01 / (live + 1e-6)))
    backward(model, 0)
    assert sparse.clip_grad_norm_(0.01) == pytest.approx(float(everything), rel=1e-6)
    assert live < everything
    with pytest.raises(ConfigurationError, match='"all" or "live"'):
        sparse.clip_grad_norm_(1.0, scope="dead")


def test_a_moved_or_cast_model_takes_its_masks_along(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model)
    model.double()
    backward(model, 0)
    sparse.step()
    assert _dead_are_zero(model, sparse)
    assert _count(sparse) == sparse.live()


def test_a_parameter_that_cannot_train_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    with pytest.raises(ConfigurationError, match=r"encoder\.weight is not among the optimiser's"):
        _sparse(model, SGD(model.rnn.parameters(), lr=1.0))
    model.get_parameter("encoder.weight").requires_grad_(False)
    with pytest.raises(ConfigurationError, match=r"encoder\.weight is frozen"):
        _sparse(model)


def test_a_generator_of_another_device_is_refused(make_model: MakeModel) -> None:
    class Elsewhere(torch.Generator):
        device = torch.device("cuda")

    with pytest.raises(ConfigurationError, match="generator must be on the CPU"):
        _sparse(make_model(), generator=Elsewhere())


def test_a_run_continues_from_its_state_bit_for_bit(make_model: MakeModel, backward: Backward) -> None:
    def start() -> tuple[nn.Module, torch.optim.Optimizer, SparseTraining]:
        model = make_model()
        optimizer = SGD(model.parameters(), lr=0.5, momentum=0.9)
        generator = torch.Generator().manual_seed(3)
        return (
            model,
            optimizer,
            _sparse(model, optimizer, generator=generator, update_interval=2, total_steps=20),
        )

    def train(model: nn.Module, sparse: SparseTraining, steps: range) -> None:
        for step in steps:
            backward(model, step)
            sparse.step()

    model, optimizer, sparse = start()
    train(model, sparse, range(5))
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict(), sparse.state_dict()))
    train(model, sparse, range(5, 11))

    other, other_optimizer, other_sparse = start()
    other_sparse.load_state_dict(saved[2])
    other.load_state_dict(saved[0])
    other_optimizer.load_state_dict(saved[1])
    train(other, other_sparse, range(5, 11))
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    for name, mask in sparse.masks.items():
        assert torch.equal(mask, other_sparse.masks[name])
