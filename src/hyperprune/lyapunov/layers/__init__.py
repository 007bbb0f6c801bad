"""The layers the engine knows, one file each, behind one interface."""

from hyperprune.lyapunov.layers.base import Jacobians, Layer, Linearization, Trajectory
from hyperprune.lyapunov.layers.generic import GenericLayer
from hyperprune.lyapunov.layers.gru import GRULayer
from hyperprune.lyapunov.layers.lstm import LSTMLayer
from hyperprune.lyapunov.layers.own import OwnDerivatives
from hyperprune.lyapunov.layers.rnn import RNNLayer
from hyperprune.lyapunov.layers.weights import Weights, read_weights, refresh

__all__ = [
    "GRULayer",
    "GenericLayer",
    "Jacobians",
    "LSTMLayer",
    "Layer",
    "Linearization",
    "OwnDerivatives",
    "RNNLayer",
    "Trajectory",
    "Weights",
    "read_weights",
    "refresh",
]
