"""Masks that are locked over time, and whole word types that drop."""

import torch
from torch import nn

from hyperprune.models.layers.dropout import LockedDropout, embed_with_dropout, locked_mask


def test_locked_dropout_drops_the_same_entries_at_every_step() -> None:
    torch.manual_seed(0)
    dropped = LockedDropout(0.3)(torch.ones(6, 50, 40))
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))
    assert set(dropped.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.7))}
    # 2,000 draws: three standard deviations are 0.03
    assert abs(float((dropped[0] == 0).float().mean()) - 0.3) < 0.03
    assert not torch.equal(dropped[0, 0], dropped[0, 1])  # sequences have masks of their own


def test_evaluation_and_a_share_of_zero_leave_values_alone() -> None:
    values = torch.randn(3, 2, 4)
    assert LockedDropout(0.5).eval()(values) is values
    assert LockedDropout(0.0)(values) is values
    assert locked_mask(values, 0.5, training=False) is None


def test_embedding_dropout_equals_masking_the_rows_of_the_matrix() -> None:
    torch.manual_seed(1)
    embedding, tokens = nn.Embedding(30, 5), torch.randint(30, (7, 4))
    torch.manual_seed(2)
    found = embed_with_dropout(embedding, tokens, 0.4, training=True)
    torch.manual_seed(2)
    mask = torch.empty(30, 1).bernoulli_(0.6) / 0.6
    torch.testing.assert_close(found, nn.functional.embedding(tokens, embedding.weight * mask))
    assert (found == 0).any()
    assert torch.equal(embed_with_dropout(embedding, tokens, 0.4, training=False), embedding(tokens))
