"""Training batches of a language model: slices, penalties and windows change nothing but what they say."""

from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hyperprune.corpora import CorpusConfig
from hyperprune.corpora import load as load_corpus
from hyperprune.errors import ConfigurationError
from hyperprune.models import AWDLSTMConfig, AWDLSTMMoSConfig, ModelConfig, StackedLSTM, StackedLSTMConfig
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.tasks.task import Epoch
from hyperprune.tasks.text.language_batches import batches
from hyperprune.tasks.text.language_modelling import LanguageModelling
from hyperprune.training import TrainingJob, run_job
from hyperprune.training.epoch import train_epoch
from hyperprune.training.progress import Progress, silent

TEXT = torch.randint(9, (41, 6), generator=torch.Generator().manual_seed(0))


def network() -> StackedLSTM:
    torch.manual_seed(1)
    return StackedLSTM(9, embedding=4, hidden=5).double()


def trained(recipe: Recipe, own: nn.Module) -> tuple[float, dict[str, Tensor]]:
    """An epoch by the trainer, on the batches of ``TEXT``."""

    class Fixed(LanguageModelling):
        def __init__(self) -> None:
            self.recipe = recipe

        def losses(self, network, epoch, teacher=None):  # type: ignore[no-untyped-def]
            return batches(network, TEXT, recipe, torch.Generator().manual_seed(epoch))

    optimizer = torch.optim.SGD(own.parameters(), lr=recipe.learning_rate)
    progress = Progress("test", 1, 1, 0, 1, 0.0, 0.0)
    loss = train_epoch(Fixed(), own, optimizer, None, recipe, progress, silent)
    return loss, {name: p.detach().clone() for name, p in own.named_parameters()}


class ScoresAlone(nn.Module):
    """A network that shows nothing but its forward pass, as one of your own may."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, tokens: Tensor, state: object = None) -> object:
        return self.inner(tokens, state)


@pytest.mark.parametrize("fused", [False, True])
def test_the_plain_recipe_is_the_plain_loop(fused: bool) -> None:
    """Bit for bit where the loss goes through the scores; within rounding where they are never whole."""
    recipe = Recipe(learning_rate=2.0, bptt=7, clip=0.1)
    loss, weights = trained(recipe, network() if fused else ScoresAlone(network()))
    own, state, total, count = network(), None, 0.0, 0
    for start in range(0, 40, 7):
        inputs, targets = TEXT[start : min(start + 7, 40)], TEXT[start + 1 : start + 8]
        logits, state = own(inputs, state)
        state = tuple(part.detach() for part in state)
        value = cross_entropy(logits.flatten(0, 1), targets.flatten())
        value.backward()
        nn.utils.clip_grad_norm_(own.parameters(), 0.1)
        with torch.no_grad():
            for p in own.parameters():
                assert p.grad is not None
                p.sub_(p.grad, alpha=2.0)
        own.zero_grad()
        total, count = total + float(value.detach()) * targets.numel(), count + targets.numel()
    tolerance = 1e-12 if fused else 0.0
    assert loss == pytest.approx(total / count, rel=tolerance, abs=0)
    for name, p in own.named_parameters():
        found = weights[name if fused else f"inner.{name}"]
        torch.testing.assert_close(found, p, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("columns", [1, 2, 4, 5, 6, 9])
def test_slices_train_as_the_whole_batch(columns: int) -> None:
    """Also where the last slice is smaller; penalties are means, and so are shared out by columns too."""
    recipe = Recipe(learning_rate=2.0, bptt=7, ar=2.0, tar=1.0)
    loss, weights = trained(recipe, network())
    sliced_loss, sliced = trained(recipe.model_copy(update={"slice": columns}), network())
    assert sliced_loss == pytest.approx(loss, rel=1e-12)
    for name, value in weights.items():
        torch.testing.assert_close(sliced[name], value, rtol=1e-9, atol=1e-12)


def test_penalties_by_hand() -> None:
    """They are minimised, and the loss that is reported is without them."""
    own, recipe = network(), Recipe(bptt=40, ar=2.0, tar=3.0)
    (batch,) = list(batches(own, TEXT, recipe, torch.Generator()))
    (part,) = list(batch.slices)
    hidden = own.recurrent(own.embedding(TEXT[:-1]))[0].detach()
    loss = cross_entropy(own(TEXT[:-1])[0].flatten(0, 1), TEXT[1:].flatten())
    squares = sum(float(value) ** 2 for value in hidden.flatten()) / hidden.numel()
    changes = [
        float(b - a) ** 2
        for t in range(39)
        for a, b in zip(hidden[t].flatten(), hidden[t + 1].flatten(), strict=True)
    ]
    expected = float(loss) + 2.0 * squares + 3.0 * sum(changes) / len(changes)
    assert float(part.objective) == pytest.approx(expected, rel=1e-12)
    assert float(part.loss) == pytest.approx(float(loss), rel=1e-12)
    assert batch.items == 240


def test_the_learning_rate_follows_the_length_of_a_window() -> None:
    recipe = Recipe(bptt=10, random_bptt=True)
    found = []
    for batch in batches(network(), TEXT, recipe, torch.Generator().manual_seed(2)):
        list(batch.slices)
        found.append((batch.items // 6, batch.rate))
    assert sum(length for length, _ in found) == 40
    assert all(rate == length / 10 for length, rate in found)
    assert len({length for length, _ in found}) > 1


def test_windows_depend_on_root_seed_and_epoch_alone() -> None:
    corpus = load_corpus(CorpusConfig(max_train_tokens=2000, max_vocabulary=80))

    def lengths(seed: int, epoch: int) -> list[int]:
        task = LanguageModelling(corpus, StackedLSTMConfig(), Recipe(random_bptt=True))
        return [batch.items for batch in task.losses(nn.Identity(), Epoch(epoch, seed))]

    assert lengths(1, 1) == lengths(1, 1)
    assert lengths(1, 1) != lengths(1, 2)
    assert lengths(1, 1) != lengths(2, 1)


@pytest.mark.parametrize("model", [AWDLSTMConfig, AWDLSTMMoSConfig])
def test_killed_and_resumed_as_in_one_piece(tmp_path: Path, model: type[AWDLSTMConfig]) -> None:
    """With every random thing there is: dropouts, weight-drop, lengths, masks."""
    values = {
        "label": "test",
        "task": TextTask(
            corpus=CorpusConfig(max_train_tokens=2000, max_vocabulary=80),
            model=model(embedding=6, hidden=8, embedding_dropout=0.1),
        ),
        "recipe": Recipe(epochs=4, learning_rate=5.0, random_bptt=True, ar=2, tar=1, slice=4),
        "variant": PruningVariant(density=0.4, death_rate=0.5, update_interval="epoch"),
        "spectrum": SpectrumConfig(batch=2, steps=5, warmup=1),
    }
    whole = run_job(TrainingJob(folder=tmp_path / "whole", until=4, **values))
    run_job(TrainingJob(folder=tmp_path / "pieces", until=1, **values))
    run_job(TrainingJob(folder=tmp_path / "pieces", until=3, **values))
    assert run_job(TrainingJob(folder=tmp_path / "pieces", until=4, **values)) == whole
    for path in (tmp_path / "whole").glob("*.safetensors"):
        assert (tmp_path / "pieces" / path.name).read_bytes() == path.read_bytes()


class OpaqueConfig(ModelConfig):
    kind: Literal["opaque"] = "opaque"

    def build(self, types: int) -> nn.Module:
        return nn.Embedding(types, types)


def test_penalties_of_a_network_that_hides_its_activations_are_refused() -> None:
    corpus = load_corpus(CorpusConfig(max_train_tokens=2000, max_vocabulary=80))
    task = LanguageModelling(corpus, OpaqueConfig(), Recipe(ar=2.0))
    with pytest.raises(ConfigurationError, match="ar and tar penalise"):
        task.network()
