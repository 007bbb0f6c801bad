"""The one place where scores and a number become a mask."""

import torch
from torch import Tensor


def keep_highest(scores: Tensor, among: Tensor, count: int) -> Tensor:
    """Mask of exactly ``count`` entries of ``among``: those of highest score, ties by lower flat index.

    A score that is not a number ranks lowest. The k-th value is found by selection, not by sorting: the time
    is linear in the number of entries.

    Args:
        scores: any shape, floating point.
        among: bool, the same shape; only its entries can be kept.
        count: at least 0, at most the number of entries of ``among``.

    Returns:
        Bool tensor of the same shape on the same device, not sharing storage with ``among``.
    """
    available = int(among.sum())
    if not 0 <= count <= available:
        raise ValueError(
            f"cannot keep {count} of {available} entries: the counts of a rule must fit its masks"
        )
    if count == 0:
        return torch.zeros_like(among)
    if count == available:
        return among.clone()
    ranked = torch.nan_to_num(_wide(scores), nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
    kth = torch.kthvalue(ranked[among], available - count + 1).values
    kept = among & (ranked > kth)
    tied = among & (ranked == kth)
    first = tied.flatten().nonzero().flatten()[: count - int(kept.sum())]
    kept.view(-1)[first] = True
    return kept


def _wide(scores: Tensor) -> Tensor:
    """Selection is not available in half precision on every device."""
    return scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
