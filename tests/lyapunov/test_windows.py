import pytest
import torch
from torch import nn

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError


def test_windows_of_tokens_and_of_embedded_inputs() -> None:
    tokens = torch.arange(20)
    assert lyapunov.windows(tokens, [0, 7, 15], 5)[:, 1].tolist() == [7, 8, 9, 10, 11]
    stream = torch.randn(20, 3)
    batch = lyapunov.windows(stream, [0, 15], 5)
    assert batch.shape == (5, 2, 3)
    assert torch.equal(batch[:, 1], stream[15:])


def test_each_window_is_a_sequence_of_its_own() -> None:
    module, stream = nn.LSTM(3, 4), torch.randn(40, 3)
    both = lyapunov.spectrum(module, lyapunov.windows(stream, [3, 20], 15), warmup=5)
    second = lyapunov.spectrum(module, stream[20:35, None], warmup=5)
    torch.testing.assert_close(both.exponents[1], second.exponents[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("starts", [[], [-1], [16]])
def test_windows_that_leave_the_data_are_refused(starts: list[int]) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 15"):
        lyapunov.windows(torch.arange(20), starts, 5)
