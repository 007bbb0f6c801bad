"""First masks from a trained network, and the scale of fresh weights."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import CRITERION, PruningVariant, SparseTraining, taylor_scores

MakeModel = Callable[..., nn.Module]


def _sparse(model: nn.Module, **options: object) -> SparseTraining:
    return SparseTraining(model, SGD(model.parameters(), lr=0.1), **({"density": 0.3} | options))


def _losses(model: nn.Module, batches: int = 3) -> Iterator[Tensor]:
    for seed in range(batches):
        tokens = torch.randint(11, (5, 3), generator=torch.Generator().manual_seed(seed))
        yield nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten())


def _matrices(*rows: list[float]) -> nn.ParameterDict:
    return nn.ParameterDict({name: torch.tensor([row]) for name, row in zip("ab", rows, strict=False)})


def _bits(sparse: SparseTraining) -> dict[str, str]:
    return {n: "".join("1" if bit else "0" for bit in mask.flatten()) for n, mask in sparse.masks.items()}


# criterion: masks of the four largest of eight, two in each matrix unless one ranking finds other counts
HAND = {
    "magnitude": {"a": "0011", "b": "1001"},
    "global_magnitude": {"a": "0001", "b": "1011"},
    "taylor": {"a": "1100", "b": "1001"},
}


@pytest.mark.parametrize("criterion", HAND)
def test_eight_weights_by_hand(criterion: str) -> None:
    model = _matrices([0.1, -0.2, 0.3, -0.4], [-0.9, 0.2, 0.5, 0.8])
    scores = {"a": torch.tensor([[4.0, 3.0, 2.0, 1.0]])} if criterion == "taylor" else None
    sparse = _sparse(model, density=0.5, criterion=criterion, scores=scores)
    assert _bits(sparse) == HAND[criterion]


def test_every_criterion_of_a_trained_network_has_a_case_by_hand() -> None:
    assert set(HAND) == {name for name in CRITERION if CRITERION[name].trained}


@pytest.mark.parametrize("criterion", CRITERION)
@pytest.mark.parametrize("factors", [{}, {"rnn": 2.0, "decoder": 0.5}])
def test_the_total_is_exact_and_weights_keep_their_values(
    make_model: MakeModel, criterion: str, factors: dict[str, float]
) -> None:
    model = make_model()
    scores = taylor_scores(model, _losses(model)) if criterion == "taylor" else None
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    sparse = _sparse(model, criterion=criterion, scores=scores, density_factors=factors)
    size = sum(mask.numel() for mask in sparse.masks.values())
    assert sparse.live() == sum(int(m.sum()) for m in sparse.masks.values()) == int(0.3 * size + 0.5)
    for name, mask in sparse.masks.items():
        assert torch.equal(model.get_parameter(name).detach(), before[name] * mask)


def test_density_factors_move_weights_between_matrices(make_model: MakeModel) -> None:
    for criterion in ("magnitude", "global_magnitude"):
        plain = _sparse(make_model(), criterion=criterion).masks
        moved = _sparse(make_model(), criterion=criterion, density_factors={"decoder": 2.0}).masks
        live = {n: (int(plain[n].sum()), int(moved[n].sum())) for n in plain}
        before, after = live["decoder.weight"]
        # shares of 1 and 2 of the rest: d n / (n + d (2 - 1)) in place of d / n, a whole number next to it
        total = sum(one for one, _ in live.values())
        assert after == pytest.approx(2 * before * total / (total + before), abs=1)
        assert all(later <= earlier for n, (earlier, later) in live.items() if n != "decoder.weight")


def test_keep_largest_is_the_criterion_magnitude(make_model: MakeModel) -> None:
    kept = _sparse(make_model(), keep_largest=True, update_interval=1)
    named = _sparse(make_model(), criterion="magnitude", update_interval=1)
    for _ in range(2):
        for name, mask in kept.masks.items():
            assert torch.equal(mask, named.masks[name])
        kept.update_topology(), named.update_topology()  # the generators stand alike too
    assert kept.variant.criterion == "random"


def test_the_generator_advances_alike_for_every_criterion(make_model: MakeModel) -> None:
    states = []
    for criterion in ("random", "magnitude", "global_magnitude"):
        generator = torch.Generator().manual_seed(3)
        _sparse(make_model(), criterion=criterion, generator=generator)
        states.append(generator.get_state())
    assert all(torch.equal(states[0], state) for state in states)


def test_taylor_scores_are_squares_of_weight_times_gradient(make_model: MakeModel) -> None:
    model = make_model()
    model.add_module("dropout", nn.Dropout(0.9))
    plain = model.forward
    model.forward = lambda tokens: model.dropout(plain(tokens))  # type: ignore[method-assign]
    model.decoder.weight.grad = torch.ones_like(model.decoder.weight)
    scores = taylor_scores(model, _losses(model))
    assert model.training
    assert model.dropout.training
    assert torch.equal(model.decoder.weight.grad, torch.ones_like(model.decoder.weight))
    assert "encoder.weight" not in scores  # a lookup
    model.eval()
    expected = torch.zeros_like(model.decoder.weight)
    for loss in _losses(model):
        model.zero_grad()
        loss.backward()
        expected += (model.decoder.weight.detach() * model.decoder.weight.grad) ** 2
    torch.testing.assert_close(scores["decoder.weight"], expected)
    assert not taylor_scores(make_model(tied=True), _losses(make_model())).keys() & {"encoder.weight"}


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "rnn"), reason="this torch has no switches by layer")
def test_taylor_scores_leave_cudnn_s_switches_alone(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for cuDNN itself, which refuses to differentiate a recurrent layer in evaluation mode."""
    cudnn, seen = torch.backends.cudnn, []
    monkeypatch.setattr(cudnn.rnn, "fp32_precision", "ieee")  # convolutions may: the old switch has no answer
    monkeypatch.setattr(cudnn, "enabled", True)

    def losses() -> Iterator[Tensor]:
        for loss in _losses(model):
            seen.append((cudnn.enabled, cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision))
            yield loss

    model = make_model()
    assert taylor_scores(model, losses())
    assert seen == [(False, "tf32", "ieee")] * 3
    assert (cudnn.enabled, cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision) == (True, "tf32", "ieee")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"criterion": "taylor"}, "reads scores, got none"),
        ({"scores": {}}, "scores have no effect"),
        ({"criterion": "taylor", "scores": {"c": torch.ones(1, 4)}}, "which is no prunable matrix"),
        ({"criterion": "taylor", "scores": {"a": torch.ones(4)}}, r"which is of shape \(1, 4\)"),
        ({"criterion": "taylor", "scores": {"a": torch.full((1, 4), torch.nan)}}, "not a number"),
        (
            {"criterion": "taylor", "scores": {"a": torch.ones(1, 4)}, "share_budget": [["a", "b"]]},
            "scores of one kind",
        ),
        ({"criterion": "global_magnitude", "density": 0.125}, "1 live weights for 2 matrices"),
        ({"density_factors": {"c": 2.0}}, "'c' of density_factors names no prunable matrix"),
        ({"keep_largest": True, "weight_scale": "fan_in"}, "is for fresh weights"),
        (
            {"density_schedule": "gradual", "death_rate": 0, "scores": {}, "total_steps": 900},
            "reads no scores",
        ),
    ],
)
def test_first_masks_that_cannot_be_are_refused(options: dict[str, object], message: str) -> None:
    model = _matrices([0.1, -0.2, 0.3, -0.4], [-0.9, 0.2, 0.5, 0.8])
    with pytest.raises(ConfigurationError, match=message):
        _sparse(model, **({"density": 0.5} | options))
    with pytest.raises(ConfigurationError, match="at least one loss"):
        taylor_scores(model, [])


def test_fan_in_gives_each_row_the_variance_of_the_dense_one(make_model: MakeModel) -> None:
    model = nn.ParameterDict({"a": torch.ones(3, 4), "b": torch.ones(2, 3, 2)})
    dense = _sparse(nn.ParameterDict({n: p.detach().clone() for n, p in model.items()}), density=0.5)
    scaled = _sparse(model, density=0.5, weight_scale="fan_in")
    for name, mask in scaled.masks.items():
        assert torch.equal(mask, dense.masks[name])  # masks are shared
        columns = mask[0].numel()
        for row, live in zip(model[name], mask, strict=True):
            count = int(live.sum())
            expected = (columns / count) ** 0.5 if count else 0.0
            torch.testing.assert_close(row, live * torch.full_like(row, expected))


def test_a_row_without_a_live_weight_and_a_full_matrix_stay(make_model: MakeModel) -> None:
    model = nn.ParameterDict({"a": torch.ones(4, 4), "full": torch.randn(2, 3)})
    value = model["full"].detach().clone()
    sparse = _sparse(model, density=7 / 22, densities={"full": 1.0}, weight_scale="fan_in")
    assert int(sparse.masks["a"].sum()) == 1
    assert sorted(model["a"].sum(1).tolist()) == [0.0, 0.0, 0.0, 2.0]
    assert torch.equal(model["full"], value)


def test_a_tied_matrix_is_scaled_once(make_model: MakeModel) -> None:
    model = make_model(tied=True)
    before = model.encoder.weight.detach().clone()
    sparse = _sparse(model, weight_scale="fan_in")
    mask = sparse.masks["encoder.weight"]
    factor = (mask.shape[1] / mask.sum(1, keepdim=True).clamp(min=1)).sqrt()
    torch.testing.assert_close(model.decoder.weight.detach(), before * mask * factor)


def test_a_resumed_network_is_not_scaled_again(make_model: MakeModel) -> None:
    one = make_model()
    sparse = _sparse(one, weight_scale="fan_in")
    state, weights = sparse.state_dict(), {n: p.detach().clone() for n, p in one.named_parameters()}
    two = make_model()
    other = _sparse(two, weight_scale="fan_in")
    two.load_state_dict(weights)
    other.load_state_dict(state)
    for name, value in weights.items():
        assert torch.equal(two.get_parameter(name), value)
    assert PruningVariant.from_dict(state["variant"]).weight_scale == "fan_in"
