"""Recurrent language models. Each offers ``embed`` and ``recurrent``, which is all a spectrum needs.

Tokens are ``(time, batch)``, embedded inputs ``(time, batch, features)``; ``forward`` gives logits or
log-probabilities ``(time, batch, types)``, whose cross entropy is the same, and the state after the last
step; ``window_loss`` gives the cross entropy without making all scores. Each network's file holds the record
of its keys too; ``MODELS`` lists those by kind.
"""

from hyperprune.models.awd import Dropouts
from hyperprune.models.awd_lstm import AWDLSTM, AWDLSTMConfig
from hyperprune.models.awd_lstm_mos import AWDLSTMMoS, AWDLSTMMoSConfig
from hyperprune.models.config import MODELS, AnyModel, ModelConfig, build, known_keys
from hyperprune.models.decoding.scored_loss import scored_loss
from hyperprune.models.decoding.soft_targets import SoftTargets
from hyperprune.models.decoding.softmax_loss import softmax_loss
from hyperprune.models.language_model import LanguageModel
from hyperprune.models.on_lstm import ONLSTM, ONLSTMConfig
from hyperprune.models.planned import planned
from hyperprune.models.reading import GivesLoss, Penalised, Reading, Reads, WindowLoss
from hyperprune.models.rhn import RHN, RHNConfig
from hyperprune.models.stacked_gru import StackedGRU, StackedGRUConfig
from hyperprune.models.stacked_lstm import StackedLSTM, StackedLSTMConfig
from hyperprune.models.stacked_rnn import StackedRNN, StackedRNNConfig

MODELS.register("stacked-lstm")(StackedLSTMConfig)
MODELS.register("gru")(StackedGRUConfig)
MODELS.register("rnn")(StackedRNNConfig)
MODELS.register("awd-lstm")(AWDLSTMConfig)
MODELS.register("awd-lstm-mos")(AWDLSTMMoSConfig)
MODELS.register("on-lstm")(ONLSTMConfig)
MODELS.register("rhn")(RHNConfig)

__all__ = [
    "AWDLSTM",
    "MODELS",
    "ONLSTM",
    "RHN",
    "AWDLSTMConfig",
    "AWDLSTMMoS",
    "AWDLSTMMoSConfig",
    "AnyModel",
    "Dropouts",
    "GivesLoss",
    "LanguageModel",
    "ModelConfig",
    "ONLSTMConfig",
    "Penalised",
    "RHNConfig",
    "Reading",
    "Reads",
    "SoftTargets",
    "StackedGRU",
    "StackedGRUConfig",
    "StackedLSTM",
    "StackedLSTMConfig",
    "StackedRNN",
    "StackedRNNConfig",
    "WindowLoss",
    "build",
    "known_keys",
    "planned",
    "scored_loss",
    "softmax_loss",
]
