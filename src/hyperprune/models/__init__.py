"""Recurrent language models. Each offers ``embed`` and ``recurrent``, which is all a spectrum needs.

Tokens are ``(time, batch)``, embedded inputs ``(time, batch, features)``, logits ``(time, batch, types)``.
"""

from hyperprune.models.config import ModelConfig, build
from hyperprune.models.stacked_lstm import StackedLSTM

__all__ = ["ModelConfig", "StackedLSTM", "build"]
