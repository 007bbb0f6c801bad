"""The one place where scores and a number become a mask."""

import torch
from torch import Tensor


def keep_highest(scores: Tensor, among: Tensor, count: int) -> Tensor:
    """Mask of exactly ``count`` entries of ``among``: those of highest score, ties by lower flat index.

    A score that is not a number ranks lowest. The k-th value is found by selection, not by sorting, among the
    candidates alone: the time is linear in the number of entries.

    Args:
        scores: any shape, floating point.
        among: bool, the same shape; only its entries can be kept.
        count: at least 0, at most the number of entries of ``among``.

    Returns:
        Bool tensor of the same shape on the same device, not sharing storage with ``among``.
    """
    candidates = scores[among]
    available = candidates.numel()
    if not 0 <= count <= available:
        raise ValueError(
            f"cannot keep {count} of {available} entries: the counts of a rule must fit its masks"
        )
    if count == 0:
        return torch.zeros_like(among)
    if count == available:
        return among.clone()
    if bool(candidates.isnan().any()):
        scores = torch.nan_to_num(scores, nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
        candidates = scores[among]
    kth = _kth_lowest(candidates, available - count + 1)
    if int(torch.count_nonzero(candidates >= kth)) == count:
        return among & (scores >= kth)
    kept = (among & (scores > kth)).flatten()
    tied = (among & (scores == kth)).flatten()
    first = tied.nonzero().flatten()[: count - int(torch.count_nonzero(kept))]
    kept[first] = True
    return kept.view(among.shape)


def _kth_lowest(values: Tensor, k: int) -> Tensor:
    """Selection is not available in half precision on every device."""
    wide = values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
    return torch.kthvalue(wide, k).values.to(values.dtype)
