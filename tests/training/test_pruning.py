"""hyperprune.prune: one call for a trained network, in memory."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import hyperprune
from hyperprune.errors import ConfigurationError, DivergedError


class Reader(nn.Module):
    """An LSTM that says whether more of its inputs were positive."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 16, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.decoder = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.dropout(self.lstm(x)[0][:, -1]))
        return logits


def data(seed: int, count: int = 256) -> tuple[Tensor, Tensor]:
    x = torch.randn(count, 8, 3, generator=torch.Generator().manual_seed(seed))
    return x, (x.sum((1, 2)) > 0).long()


def losses(network: nn.Module, epoch: hyperprune.Epoch) -> Iterator[Tensor]:
    x, y = data(0)
    for rows in torch.randperm(len(y), generator=epoch.generator).split(32):
        logits = network(x[rows])
        part = x[rows]
        yield epoch.distilled(cross_entropy(logits, y[rows]), logits, lambda t, part=part: t(part))


def evaluate(network: nn.Module) -> float:
    assert not network.training
    x, y = data(1)
    return cross_entropy(network(x), y).item()


@pytest.fixture(scope="module")
def trained() -> Reader:
    torch.manual_seed(0)
    network = Reader()
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    for number in range(12):
        for loss in losses(network, hyperprune.Epoch(number)):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval()


def density(network: nn.Module) -> float:
    matrices = [p for p in network.parameters() if p.dim() > 1]
    return sum(int((p != 0).sum()) for p in matrices) / sum(p.numel() for p in matrices)


def prune(network: nn.Module, **changes: Any) -> nn.Module:
    given: dict[str, Any] = {"losses": losses, "evaluate": evaluate, "epochs": 3, "learning_rate": 0.005}
    return hyperprune.prune(network, **given | changes)


def test_a_quarter_of_the_weights_is_nearly_as_good(trained: Reader) -> None:
    before = copy.deepcopy(trained.state_dict())
    state = torch.get_rng_state()
    pruned = prune(trained, sparsity=0.75, epochs=10, learning_rate=0.01)
    assert density(pruned) == pytest.approx(0.25, abs=1e-3)
    assert evaluate(pruned) < evaluate(trained) + 0.1
    assert evaluate(pruned) < evaluate(prune(trained, sparsity=0.75, epochs=0))
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert all(parameter.requires_grad for parameter in trained.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_the_same_seed_gives_the_same_bits(trained: Reader) -> None:
    torch.manual_seed(5)
    one = prune(trained, death_rate=0.2, update_interval=3)
    torch.manual_seed(6)
    other = prune(trained, death_rate=0.2, update_interval=3).state_dict()
    assert all(torch.equal(value, other[name]) for name, value in one.state_dict().items())
    assert density(one) == pytest.approx(0.1, abs=1e-3)


def test_nothing_pruned_and_nothing_trained_is_the_network_itself(trained: Reader) -> None:
    whole = prune(trained, sparsity=0.0, epochs=0).state_dict()
    assert all(torch.equal(value, whole[name]) for name, value in trained.state_dict().items())


def test_without_training_the_largest_stay_and_others_are_zero(trained: Reader) -> None:
    pruned = prune(trained, sparsity=0.5, epochs=0)
    own, given = pruned.get_parameter("decoder.weight"), trained.decoder.weight
    assert torch.equal(own, torch.where(own != 0, given, 0.0))
    assert given[own == 0].abs().max() <= given[own != 0].abs().min()


@pytest.mark.parametrize("criterion", ["global_magnitude", "taylor", "random"])
def test_other_criteria(trained: Reader, criterion: str) -> None:
    pruned = prune(trained, sparsity=0.8, criterion=criterion, epochs=1)
    assert density(pruned) == pytest.approx(0.2, abs=1e-2)


def test_the_epoch_that_counts_is_the_best(trained: Reader) -> None:
    """A rate that ruins the network is found out: the pruned network before its first step is given."""
    ruined = prune(trained, optimizer="sgd", learning_rate=1e4, clip=0.0, epochs=2)
    assert evaluate(ruined) <= evaluate(prune(trained, epochs=0))


def test_losses_of_the_network_alone_have_no_teacher(trained: Reader) -> None:
    def plain(network: nn.Module) -> Iterator[Tensor]:
        x, y = data(0)
        for rows in torch.arange(len(y)).split(64):
            yield cross_entropy(network(x[rows]), y[rows])

    assert density(prune(trained, losses=plain)) == pytest.approx(0.1, abs=1e-3)
    with pytest.raises(ConfigurationError, match="losses see a teacher through their epoch"):
        prune(trained, losses=plain, distillation=0.5)


def test_a_teacher_that_is_asked_for_must_be_heard(trained: Reader) -> None:
    def deaf(network: nn.Module, epoch: hyperprune.Epoch) -> Iterator[Tensor]:
        x, y = data(0)
        yield cross_entropy(network(x), y)

    prune(trained, losses=deaf, epochs=1)
    with pytest.raises(ConfigurationError, match=r"never looked at epoch\.teacher"):
        prune(trained, losses=deaf, epochs=1, distillation=0.5)


def test_distillation_changes_what_is_learned(trained: Reader) -> None:
    alone, taught = (prune(trained, distillation=a).state_dict() for a in (0.0, 0.9))
    assert not torch.equal(alone["decoder.weight"], taught["decoder.weight"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": -1}, "epochs must be a whole number from 0, got -1"),
        ({"distillation": 2.0}, r"distillation must lie in \[0, 1\]"),
        ({"temperature": 0.0}, "the temperature above 0"),
        ({"sparsity": 1.0}, "sparsity"),
        ({"criterion": "largest"}, "unknown criterion 'largest'"),
    ],
)
def test_what_is_impossible_is_refused(trained: Reader, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        prune(trained, **changes)


def test_a_network_without_a_finite_evaluation_is_no_result(trained: Reader) -> None:
    with pytest.raises(DivergedError):
        prune(trained, evaluate=lambda network: float("nan"), epochs=0)


def test_it_prunes_gradually_and_counts_once_it_is_as_sparse_as_asked(trained: Reader) -> None:
    """Before its first step such a network is whole, and therefore the best."""
    pruned = prune(trained, sparsity=0.75, epochs=4)
    assert density(pruned) == pytest.approx(0.25, abs=1e-3)
    assert evaluate(pruned) < evaluate(prune(trained, sparsity=0.75, epochs=4, density_schedule="constant"))
    assert density(prune(trained, sparsity=0.75, epochs=4, criterion="taylor")) == pytest.approx(
        0.25, abs=1e-3
    )
    other = prune(trained, sparsity=0.75, epochs=4, update_interval=8)
    assert density(other) == pytest.approx(0.25, abs=1e-3)
    assert not torch.equal(other.get_parameter("decoder.weight"), pruned.get_parameter("decoder.weight"))


def test_masks_that_grow_or_are_drawn_hold_from_the_first_step(trained: Reader) -> None:
    for rules in ({"criterion": "random"}, {"death_rate": 0.2}, {"death": "set", "death_rate": 0.1}):
        assert density(prune(trained, epochs=1, **rules)) == pytest.approx(0.1, abs=1e-3)
    with pytest.raises(ConfigurationError, match="only removes weights"):
        prune(trained, death_rate=0.2, density_schedule="gradual")


def test_gradual_updates_once_an_epoch_need_epochs_to_their_end(trained: Reader) -> None:
    with pytest.raises(ConfigurationError, match="got one at the start of each of 3 epochs"):
        prune(trained, epochs=3, update_interval="epoch")


def test_what_diverges_on_its_way_is_the_network_pruned_at_once(trained: Reader) -> None:
    found = iter([0.5, 0.4, float("nan")])
    pruned = prune(trained, evaluate=lambda _: next(found), epochs=4)
    at_once = prune(trained, epochs=0).state_dict()
    assert all(torch.equal(value, at_once[name]) for name, value in pruned.state_dict().items())


def test_what_has_no_finite_evaluation_at_its_density_is_refused(trained: Reader) -> None:
    found = iter([float("nan"), 0.4, float("nan")])
    with pytest.raises(DivergedError, match="became nan at the end of epoch 2"):
        prune(trained, evaluate=lambda _: next(found), epochs=4)
