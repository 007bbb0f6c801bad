"""What each weight of a trained network is worth to its loss, to first order."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.parameters.prunable import find_prunable, unwrap


def taylor_scores(
    model: nn.Module, losses: Iterable[Tensor], *, exclude: Sequence[str] = ()
) -> dict[str, Tensor]:
    """Sum over the losses of (weight x gradient)^2, in the type of the weight or float32 if that is wider.

    Molchanov et al. 2019, equation 8. The model is in evaluation mode (dropout off) while a loss is computed,
    so ``losses`` must be lazy: a generator that computes one loss for each batch when it is asked. Gradients
    that parameters hold stay as they are. Embeddings by token are left out: in one pass most rows are never
    read; the criterion ranks them by magnitude.

    Args:
        model: a trained network.
        losses: scalars, one for each batch of one pass, with a graph.
        exclude: patterns of parameters that stay dense.

    Returns:
        Parameter name -> tensor of its shape, for ``SparseTraining(criterion="taylor", scores=...)``.

    Raises:
        ConfigurationError: there is no loss, or nothing to score.
    """
    network = unwrap(model)
    lookups = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
    prunable = find_prunable(network, exclude=exclude).parameters
    scored = {name: parameter for name, parameter in prunable.items() if id(parameter) not in lookups}
    sums = {
        name: torch.zeros_like(p, dtype=torch.promote_types(p.dtype, torch.float32))
        for name, p in scored.items()
    }
    modes = [(module, module.training) for module in network.modules()]
    batches = 0
    network.eval()
    try:
        with _without_cudnn():
            for loss in losses:
                gradients = torch.autograd.grad(loss, list(scored.values()), allow_unused=True)
                batches += 1
                for (name, parameter), gradient in zip(scored.items(), gradients, strict=True):
                    if gradient is not None:
                        sums[name] += (parameter.detach() * gradient).to(sums[name].dtype).square()
    finally:
        for module, training in modes:
            module.training = training
    if not batches:
        raise ConfigurationError("taylor_scores needs at least one loss, got none: give those of one pass")
    return sums


@contextmanager
def _without_cudnn() -> Iterator[None]:
    """For the backward pass of a recurrent layer in evaluation mode, which cuDNN refuses.

    torch's own ``cudnn.flags`` sets all of cuDNN's switches, and fails where those of its layers differ.
    """
    before = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = False
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = before
