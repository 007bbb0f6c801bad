"""Patterns from a job to its checkpoints, resumed and begun from every start."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import hyperprune
from hyperprune.corpora import CorpusConfig
from hyperprune.errors import ConfigurationError
from hyperprune.models import MODELS
from hyperprune.search import configure_training
from hyperprune.sparsity import METHODS, PATTERN, PruningVariant
from hyperprune.tasks import Recipe
from hyperprune.tasks.text.text_task import TextTask
from hyperprune.training import TrainingJob, run_job
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.nested_state import unpack
from hyperprune.training.stored.weights_file import GivenWeights

EPOCHS = 3
VARIANTS = {
    "16x1": PruningVariant(density=0.4, pattern="16x1", death="threshold", redistribution="magnitude"),
    "8x4": PruningVariant(density=0.4, pattern="8x4", keep_diagonal=True, growth="gradient"),
    "gates": METHODS["rnnoise"].at(1 / 3, update_interval=5),
    "units": replace(METHODS["gradual_magnitude"].at(0.4, pattern="units"), update_interval=5),
}


def _job(folder: Path, variant: PruningVariant | None, **changes: object) -> TrainingJob:
    text = CorpusConfig(source="python-docs", max_train_tokens=2500, max_vocabulary=64)
    task = TextTask(corpus=text, model=MODELS["gru"](embedding=16, hidden=32))
    recipe = Recipe(epochs=EPOCHS, batch=10, bptt=10, learning_rate=1.0, momentum=0.9)
    given = {"variant": variant, "until": EPOCHS, **changes}
    return TrainingJob(label="one", folder=folder, task=task, recipe=recipe, **given)  # type: ignore[arg-type]


def _masks(folder: Path, epoch: int) -> dict[str, Tensor]:
    whole = checkpoint.load(checkpoint.path(folder, epoch))
    return {
        name.removeprefix("mask."): unpack(bits, whole.tensors[name.replace("mask.", "model.", 1)].shape)
        for name, bits in whole.tensors.items()
        if name.startswith("mask.")
    }


def _whole(masks: dict[str, Tensor], pattern: str, *, diagonal: bool) -> bool:
    """Whether all masks but the embedding's are of the pattern."""
    if pattern == "units":
        return all(
            torch.equal(mask, mask.any(1)[:, None] & mask.any(0))
            for name, mask in masks.items()
            if name != "embedding.weight"
        )
    tall, broad = PATTERN[pattern].block or (1, 1)
    for name, mask in masks.items():
        if name == "embedding.weight":
            continue
        rows, columns = mask.shape
        cut = mask.view(rows // tall, tall, columns // broad, broad).transpose(1, 2).flatten(2)
        counts = cut.sum(2)
        alone = broad if diagonal and "hh" in name else 0  # a diagonal that crosses a dead block
        if not bool(((counts == tall * broad) | (counts <= alone)).all()):
            return False
    return True


@pytest.mark.parametrize("name", VARIANTS)
def test_a_resumed_job_has_the_bits_of_one_in_a_single_piece(name: str, tmp_path: Path) -> None:
    variant = VARIANTS[name]
    straight = run_job(_job(tmp_path / "straight", variant))
    for until in (1, 2, EPOCHS):
        resumed = run_job(_job(tmp_path / "resumed", variant, until=until))
    assert resumed == straight
    one = checkpoint.load(checkpoint.path(tmp_path / "straight", EPOCHS)).tensors
    other = checkpoint.load(checkpoint.path(tmp_path / "resumed", EPOCHS)).tensors
    assert set(one) == set(other)
    assert all(torch.equal(value, other[key]) for key, value in one.items())
    masks = _masks(tmp_path / "straight", EPOCHS)
    assert _whole(masks, variant.pattern, diagonal=variant.keep_diagonal)
    assert 0.3 < straight.last.density < 0.47
    assert straight.best.density == pytest.approx(straight.last.density, abs=0.03)


@pytest.mark.parametrize("criterion", ["random", "magnitude", "global_magnitude", "taylor"])
@pytest.mark.parametrize("pattern", ["16x1", "8x4", "units"])
def test_a_dense_start_keeps_the_blocks_that_a_criterion_chooses(
    pattern: str, criterion: str, tmp_path: Path
) -> None:
    run_job(_job(tmp_path / "dense", None, until=1))
    start = GivenWeights(checkpoint=str(checkpoint.path(tmp_path / "dense", 1)))
    variant = PruningVariant(density=0.4, pattern=pattern, criterion=criterion, death_rate=0)
    run_job(_job(tmp_path / "pruned", variant, until=1, start=start, keep_largest=False))
    masks = _masks(tmp_path / "pruned", 1)
    assert _whole(masks, pattern, diagonal=False)
    live, size = sum(int(m.sum()) for m in masks.values()), sum(m.numel() for m in masks.values())
    assert live / size == pytest.approx(0.4, abs=0.1 if criterion == "global_magnitude" else 0.02)


class _Tones(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = nn.GRU(4, 16), nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(x)[0])


def _losses(network: nn.Module) -> Iterator[Tensor]:
    for seed in range(4):
        x = torch.randn(6, 8, 4, generator=torch.Generator().manual_seed(seed))
        yield (network(x) - x.repeat(1, 1, 4)).square().mean()


@pytest.mark.parametrize("pattern", ["16x1", "8x4", "units"])
def test_prune_takes_a_pattern(pattern: str) -> None:
    torch.manual_seed(0)
    network = _Tones()

    def evaluate(found: nn.Module) -> float:
        return float(sum(loss.item() for loss in _losses(found)))

    def pruned() -> nn.Module:
        return hyperprune.prune(
            network, losses=_losses, evaluate=evaluate, sparsity=0.5, epochs=2, pattern=pattern
        )

    one, other = pruned(), pruned()
    assert all(torch.equal(v, other.state_dict()[name]) for name, v in one.state_dict().items())
    masks = {name: p != 0 for name, p in one.named_parameters() if p.dim() > 1}
    assert _whole(masks, pattern, diagonal=False)
    assert not all(bool(mask.all()) for mask in masks.values())


def test_a_training_is_told_its_pattern_by_options_and_by_a_file(tmp_path: Path) -> None:
    options = {
        "variant.pattern": "8x4",
        "variant.keep_diagonal": True,
        "variant.exclude": "decoder, embedding",
    }
    config = configure_training("python-docs", None, options)
    assert config.pruning is not None
    assert (config.pruning.pattern, config.pruning.keep_diagonal) == ("8x4", True)
    assert config.pruning.exclude == ("decoder", "embedding")
    file = tmp_path / "rnnoise.toml"
    file.write_text(
        '[variant]\nmethod = "gradual_magnitude"\npattern = "16x1"\n\n'
        "[variant.gate_densities]\nreset = 0.3\nupdate = 0.2\nnew = 0.5\n"
    )
    variant = configure_training("python-docs", file).pruning
    assert variant is not None
    assert (variant.pattern, variant.density_schedule) == ("16x1", "gradual")
    assert variant.gate_densities == METHODS["rnnoise"].variant.gate_densities
    plain = configure_training("python-docs")
    assert "pattern" not in plain.variant.model_dump()  # the configuration of a run of before
    with pytest.raises(ConfigurationError, match="only prunes"):
        configure_training("python-docs", None, {"variant.pattern": "units"})
