"""Trained networks in the forms that other people use: torch, the hub, C99, ONNX."""

from hyperprune.export.check import Check
from hyperprune.export.exporting import Choices, Export, export
from hyperprune.export.profile import Profile, profile
from hyperprune.export.subject import Subject, subject_of

__all__ = ["Check", "Choices", "Export", "Profile", "Subject", "export", "profile", "subject_of"]
