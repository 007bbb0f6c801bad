"""Diagonals that stay, densities by gate, and the method that has both."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from hyperprune.errors import ConfigurationError
from hyperprune.models.layers.highway import RecurrentHighway
from hyperprune.sparsity import DEATH, GROWTH, METHODS, PATTERN, PruningVariant, SparseTraining
from hyperprune.training import History
from hyperprune.training.stored.history import EpochRecord

BLOCKS = [name for name in PATTERN if PATTERN[name].block is not None]
RNNOISE = {"reset": 0.3, "update": 0.2, "new": 0.5}


def _sparse(model: nn.Module, **rules: Any) -> SparseTraining:
    given = {"density": 0.4, "update_interval": 1, "total_steps": 10, **rules}
    return SparseTraining(model, SGD(model.parameters(), lr=0.1, momentum=0.9), **given)


def _steps(model: nn.Module, training: SparseTraining, count: int = 6) -> Any:
    for step in range(count):
        inputs = torch.randn(4, 3, 16, generator=torch.Generator().manual_seed(step))
        model.zero_grad()
        model(inputs)[0].square().mean().backward()
        training.step()
        yield step


def _diagonals(mask: Tensor) -> bool:
    return all(bool(gate.diagonal().all()) for gate in mask.split(mask.shape[1]))


@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("death", [name for name in DEATH if not DEATH[name].signed])
@pytest.mark.parametrize("pattern", BLOCKS)
def test_the_diagonal_of_every_gate_lives_after_every_update(pattern: str, death: str, growth: str) -> None:
    model = nn.GRU(16, 32, 2)
    training = _sparse(model, pattern=pattern, keep_diagonal=True, death=death, growth=growth)
    size = sum(mask.numel() for mask in training.masks.values())
    tall, broad = PATTERN[pattern].block or (1, 1)
    for _ in _steps(model, training):
        entries = 0
        for name, mask in training.masks.items():
            if "weight_hh" in name:
                assert _diagonals(mask)
            cut = mask.view(96 // tall, tall, mask.shape[1] // broad, broad)
            eye = torch.eye(32, dtype=torch.bool).repeat(3, 1) if "hh" in name else torch.zeros_like(mask)
            rest = (mask | eye).view_as(cut)
            live = rest.all(3).all(1)
            torn = (mask & ~eye).view_as(cut).any(3).any(1) & ~live
            assert not torn.any()
            entries += int(live.sum())
        if pattern == "1x1":  # the diagonal counts among those that live
            assert training.live() == math.floor(0.4 * size + 0.5)
        else:  # the diagonal comes on top
            assert entries == math.floor(0.4 * size / (tall * broad) + 0.5) == training.blocks()


@pytest.mark.parametrize("pattern", BLOCKS)
def test_a_schedule_leaves_the_diagonal(pattern: str) -> None:
    model = nn.LSTM(16, 32)
    rules = {"density_schedule": "gradual", "schedule_span": (0.0, 0.5), "death_rate": 0.0}
    training = _sparse(model, pattern=pattern, keep_diagonal=True, **rules)
    for _ in _steps(model, training, 9):
        assert _diagonals(training.masks["weight_hh_l0"])
    if pattern == "1x1":
        assert training.live() == math.floor(0.4 * 128 * 48 + 0.5)
    assert not _diagonals(_sparse(nn.LSTM(16, 32), pattern=pattern).masks["weight_hh_l0"])


def test_a_diagonal_that_is_more_than_may_live_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="keeps 128 weights of weight_hh_l0, got a density at which 41"
    ):
        _sparse(nn.LSTM(16, 32), density=0.01, keep_diagonal=True)
    with pytest.raises(ConfigurationError, match="got a network without one that is pruned"):
        _sparse(nn.Linear(16, 16), keep_diagonal=True)


@pytest.mark.parametrize("criterion", ["random", "magnitude"])
@pytest.mark.parametrize("pattern", BLOCKS)
def test_gates_have_their_densities(pattern: str, criterion: str) -> None:
    model = nn.GRU(16, 64)
    rules = {"criterion": criterion, "density": 1 / 3, "gate_densities": RNNOISE, "pattern": pattern}
    training = _sparse(model, **rules)
    tall, broad = PATTERN[pattern].block or (1, 1)
    for _ in (0, *_steps(model, training, 5)):  # what dies in a gate grows in it again
        for mask in training.masks.values():
            for gate, density in zip(mask.split(64), RNNOISE.values(), strict=True):
                live = int(gate.sum()) / (tall * broad)
                assert abs(live - density * gate.numel() / (tall * broad)) <= 1
    assert training.density() == pytest.approx(1 / 3, abs=1e-3)


def test_densities_of_gates_are_proportions_of_what_the_matrix_has() -> None:
    masks = _sparse(nn.GRU(16, 32), density=0.1, gate_densities=RNNOISE).masks
    counts = [int(gate.sum()) for gate in masks["weight_hh_l0"].split(32)]
    assert sum(counts) == round(0.1 * 96 * 32)
    assert counts == [pytest.approx(1024 * 0.3 * density, abs=1) for density in RNNOISE.values()]
    full = _sparse(nn.GRU(16, 32), density=0.9, gate_densities=RNNOISE).masks["weight_hh_l0"]
    assert full[64:].all()  # a gate that is full leaves the others more
    assert int(full.sum()) == pytest.approx(0.9 * 96 * 32, abs=1)


def test_layers_of_their_own_say_which_gates_they_have() -> None:
    layer = RecurrentHighway(16, 16, depth=2)
    gates = {"hidden": 0.2, "transform": 0.6}
    masks = _sparse(layer, gate_densities=gates, keep_diagonal=True, pattern="8x4").masks
    assert _diagonals(masks["weight_hh_d0"])
    hidden, transform = masks["weight_ih"].split(16)
    assert 0 < int(hidden.sum()) < int(transform.sum())


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"gate_densities": {"resett": 0.3}}, "a gate that no matrix has: choose among new, reset, update"),
        ({"gate_densities": {"reset": 0.3}}, "must name all gates of weight_ih_l0"),
        ({"gate_densities": RNNOISE, "share_budget": [["weight_*"]]}, "it shares its budget"),
        ({"gate_densities": {"reset": 1.3}}, r"must lie in \(0, 1\], got 1.3 for reset"),
        ({"gate_densities": RNNOISE, "criterion": "global_magnitude"}, "finds the counts of gates itself"),
    ],
)
def test_gates_that_make_no_sense_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _sparse(nn.GRU(16, 16), **rules)


class _Denoiser(nn.Module):
    """The layers of RNNoise, small."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(16, 16, 3)
        self.gru1, self.gru2 = nn.GRU(16, 16), nn.GRU(16, 16)
        self.dense_out = nn.Linear(16, 3)

    def forward(self, inputs: Tensor) -> tuple[Tensor]:
        return (self.dense_out(self.gru2(self.gru1(inputs)[0])[0]),)


def test_rnnoise_prunes_along_its_cubic_to_its_densities() -> None:
    model = _Denoiser()
    optimizer = torch.optim.Adam(model.parameters())
    training = SparseTraining.from_method(
        "rnnoise",
        model,
        optimizer,
        density=1 / 3,
        total_steps=100,
        update_interval=1,
        exclude=["conv", "dense_out"],
    )
    variant = METHODS["rnnoise"].variant
    assert (variant.pattern, variant.keep_diagonal, dict(variant.gate_densities)) == ("8x4", True, RNNOISE)
    # steps 6,000 and 20,000 of 75,000, exponent 3
    assert variant.schedule_span == (pytest.approx(6 / 75), pytest.approx(20 / 75, abs=1e-3))
    assert variant.density_at(0.1735) == pytest.approx(0.33 + 0.67 / 8, abs=1e-3)  # halfway
    densities = [training.density() for _ in _steps(model, training, 40)]
    assert densities[7] == 1
    assert densities == sorted(densities, reverse=True)
    assert densities[-1] == densities[30] < 0.5
    for name, mask in training.masks.items():
        for gate, wanted in zip(mask.split(16), RNNOISE.values(), strict=True):
            filled = gate | torch.eye(16, dtype=torch.bool) if "hh" in name else gate
            blocks = int(filled.view(2, 8, 4, 4).all(3).all(1).sum())
            assert blocks == pytest.approx(8 * wanted, abs=1)
        assert "hh" not in name or _diagonals(mask)
    other = METHODS["rnnoise"].at(0.5, pattern="16x1")
    assert (other.density, other.pattern) == (0.5, "16x1")


def test_the_best_epoch_of_blocks_beside_a_diagonal_is_not_the_one_with_the_most_overlap() -> None:
    epochs = [
        EpochRecord(epoch=1, train_loss=1, valid_loss=0.1, live=900, density=0.9, blocks=90),
        EpochRecord(epoch=2, train_loss=1, valid_loss=0.5, live=331, density=0.33, blocks=30),
        EpochRecord(epoch=3, train_loss=1, valid_loss=0.3, live=335, density=0.33, blocks=30),
    ]
    assert History(epochs=tuple(epochs)).best.epoch == 3


def test_a_variant_takes_gates_as_a_table() -> None:
    variant = PruningVariant(density=0.3, gate_densities=RNNOISE)
    assert variant.gate_densities == (("reset", 0.3), ("update", 0.2), ("new", 0.5))
    assert PruningVariant.from_dict(variant.to_dict()).key() == variant.key()
