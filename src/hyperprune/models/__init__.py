"""Recurrent language models. Each offers ``embed`` and ``recurrent``, which is all a spectrum needs.

Tokens are ``(time, batch)``, embedded inputs ``(time, batch, features)``, logits ``(time, batch, types)``.
Each network's file holds the record of its keys too; ``MODELS`` lists those by kind.
"""

from hyperprune.models.config import MODELS, AnyModel, ModelConfig, build, known_keys
from hyperprune.models.stacked_lstm import StackedLSTM, StackedLSTMConfig

MODELS.register("stacked-lstm")(StackedLSTMConfig)

__all__ = ["MODELS", "AnyModel", "ModelConfig", "StackedLSTM", "StackedLSTMConfig", "build", "known_keys"]
