"""How alike a network's hidden states are on different inputs: an early score beside the spectrum."""

import torch

from hyperprune.errors import ConfigurationError, HyperpruneError
from hyperprune.lyapunov import last_hidden
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.precision import exact_format
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.training.state import TrainingState

SEQUENCES = 40
_JITTER = 1e-5  # k


def hidden_covariance(state: TrainingState, task: OpenedTask, config: SpectrumConfig) -> float:
    """Score of the evaluated weights; smaller is to mean better.

    With v the eigenvalues of the correlation matrix of a minibatch's hidden states, -sum(log(v + k) +
    1 / (v + k)), k = 1e-5, is larger for better networks (Serianni and Kalita 2023, arXiv 2306.00288,
    section 3.1); its sign is turned here. The minibatch is 40 sequences of the inputs that the spectrum
    takes, warm-up included; the states are those of the last layer after the last step, dropout off.

    Differs: the published code correlates units, over all sequences and steps.

    Raises:
        ConfigurationError: the task gives fewer sequences.
    """
    try:
        with state.evaluated(), exact_format(task.device):
            hidden = last_hidden(task.driven(state.network, SEQUENCES, config.warmup + config.steps))
    except HyperpruneError as error:
        raise ConfigurationError(
            f"the metric covariance takes {SEQUENCES} sequences, as long as those of the spectrum: {error}"
        ) from error
    return covariance_score(hidden)


def covariance_if(
    asked: bool, state: TrainingState, task: OpenedTask, config: SpectrumConfig | None
) -> float | None:
    """The score where it is asked and spectra are taken."""
    return hidden_covariance(state, task, config) if asked and config is not None else None


def covariance_score(hidden: torch.Tensor) -> float:
    """The score of hidden states ``(sequences, hidden)``; a state without variance correlates with none."""
    correlations = torch.corrcoef(hidden.double().cpu()).nan_to_num()
    correlations.fill_diagonal_(1.0)
    values = torch.linalg.eigvalsh(correlations).clamp(min=0) + _JITTER
    return float((values.log() + 1 / values).sum())
