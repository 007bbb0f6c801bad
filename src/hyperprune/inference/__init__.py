"""Running an exported network: step by step or whole sequences, on kernels in C or on torch.

An exported folder is read by :func:`load`; nothing in it can run code.
"""

from hyperprune.inference.build import BuildError
from hyperprune.inference.folder import Exported, read_folder
from hyperprune.inference.generate import generate
from hyperprune.inference.load import engine_for, load, load_pretrained
from hyperprune.inference.plain import GATES, Decoder, Layer, Matrix, PlainNetwork
from hyperprune.inference.running import Running

__all__ = [
    "GATES",
    "BuildError",
    "Decoder",
    "Exported",
    "Layer",
    "Matrix",
    "PlainNetwork",
    "Running",
    "engine_for",
    "generate",
    "load",
    "load_pretrained",
    "read_folder",
]
