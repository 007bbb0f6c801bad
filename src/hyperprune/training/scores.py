"""Scores of a trained network's weights, computed once for all jobs that start from it."""

from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from hyperprune import files
from hyperprune.sparsity import CRITERION, PruningVariant, taylor_scores
from hyperprune.tasks import AnyTask, OpenedTask, Recipe
from hyperprune.training.stored.weights_file import GivenWeights, load_given

_ONE_PASS = {"ar": 0.0, "tar": 0.0, "slice": None, "random_bptt": False}


def scores_of(
    variant: PruningVariant | None,
    start: GivenWeights | None,
    task: AnyTask,
    recipe: Recipe,
    seed: int,
    device: str,
    folder: Path | None,
) -> dict[str, Tensor] | None:
    """What a criterion that reads scores is given: sums over the batches of one pass, dropout off.

    The pass is that of the first epoch, without penalties. Draws from torch's global generator where the
    scores are not known yet.

    Args:
        variant: its criterion; None for a dense network.
        start: the trained network; None for a fresh one, which has no scores.
        task: what the losses are of.
        recipe: how a text is read.
        seed: root seed, for the order of batches.
        device: where they are computed.
        folder: where they are kept for other jobs; None for nowhere.

    Returns:
        Parameter name -> scores of its shape on the CPU; empty for a criterion that reads none.
    """
    if variant is None or start is None or not CRITERION[variant.criterion].needs_scores:
        return None
    plain = recipe.model_copy(update=_ONE_PASS)
    path = None if folder is None else folder / _name(variant, start, task, plain, seed)
    if path is not None and path.exists():
        try:
            return safetensors.torch.load(files.read_bytes(path))
        except SafetensorError:
            path.unlink()
    opened = task.open(plain, seed, device)
    network = opened.network()
    load_given(network, start)
    scores = {n: score.cpu() for n, score in _scores(network, opened, variant).items()}
    if path is not None:
        files.write_bytes(path, safetensors.torch.save(scores))
    return scores


def _scores(network: nn.Module, opened: OpenedTask, variant: PruningVariant) -> dict[str, Tensor]:
    losses = (
        torch.stack([part.objective for part in batch.slices]).sum() for batch in opened.losses(network, 1)
    )
    return taylor_scores(network, losses, exclude=variant.exclude)


def _name(variant: PruningVariant, start: GivenWeights, task: AnyTask, recipe: Recipe, seed: int) -> str:
    """A name that stands for everything that the scores depend on."""
    read = recipe.model_dump(mode="json", include={"batch", "bptt"})
    document = {
        **task.identity,
        "start": start.sha256,
        "exclude": sorted(variant.exclude),
        "seed": seed,
        **read,
    }
    return f"{variant.criterion}-{files.digest(document)[:12]}.safetensors"
