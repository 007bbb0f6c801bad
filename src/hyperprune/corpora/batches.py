"""One long row of tokens as contiguous columns, and the windows of backpropagation through time."""

from collections.abc import Iterator

from torch import Tensor

from hyperprune.errors import CorpusError


def columns(tokens: Tensor, batch: int, *, part: str = "the text") -> Tensor:
    """Cut a row into ``batch`` contiguous columns.

    Args:
        tokens: ``(tokens,)``.
        batch: how many columns; a remainder at the end is left out.
        part: what the text is, for the error.

    Returns:
        ``(time, batch)``; column b holds the b-th contiguous piece.

    Raises:
        CorpusError: there are fewer than two tokens a column, so nothing could be predicted.
    """
    length = len(tokens) // batch
    if length < 2:
        raise CorpusError(
            f"{part} has {len(tokens)} tokens, too few for a batch of {batch}: "
            f"it needs at least {2 * batch}; give more text or a smaller batch"
        )
    return tokens[: length * batch].view(batch, length).t().contiguous()


def windows(text: Tensor, bptt: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Consecutive windows of inputs and targets, the hidden state being carried from one to the next.

    Args:
        text: ``(time, batch)``.
        bptt: steps of one window; the last one may be shorter.

    Yields:
        ``inputs, targets``, each ``(steps, batch)``; the target of a token is the next one in its column.
    """
    for start in range(0, len(text) - 1, bptt):
        stop = min(start + bptt, len(text) - 1)
        yield text[start:stop], text[start + 1 : stop + 1]
