"""The published spectrum of an untrained network is that of a random one by the preset `paper`."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hyperprune import lyapunov

PUBLISHED = Path(__file__).parents[3] / "shared" / "reference" / "lstm_ptb_dense_spectra.npz"


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.exists(), reason=f"the published spectra are not at {PUBLISHED.parent}")
def test_untrained_network_has_the_published_distribution() -> None:
    with np.load(PUBLISHED, allow_pickle=False) as archive:
        assert int(archive["epoch"][0]) == 0
        published = torch.from_numpy(archive["spectrum"][0]).double()
    module = nn.LSTM(1500, 1500, 2)
    embedded = torch.rand(35, 1, 1500) * 0.2 - 0.1  # the published initialisation of the embedding
    found = lyapunov.spectrum(module, embedded, preset="paper").mean
    shares = torch.tensor([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99], dtype=torch.float64)
    for layer in (slice(0, 1500), slice(1500, 3000)):
        ours, theirs = found[layer].quantile(shares), published[layer].quantile(shares)
        # other seeds move the outer percentile by 0.1 and the middle by 0.01
        torch.testing.assert_close(ours[1:], theirs[1:], atol=0.03, rtol=0)
        assert abs(float(ours[0] - theirs[0])) < 0.4
