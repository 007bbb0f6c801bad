"""The packages of the extra ``onnx``, loaded when they are needed."""

import os
from typing import Any

from hyperprune.optional import try_import


def onnx(part: str) -> Any:
    """A module of onnx, or what is called ``part`` in it; with an empty name onnx itself.

    Raises:
        ConfigurationError: it is not installed.
    """
    if part and part[0].isupper():
        return getattr(_module("onnx"), part)
    return _module(f"onnx.{part}" if part else "onnx")


def onnxruntime(part: str = "") -> Any:
    """Onnxruntime or a module of it, which sends nothing about its use to anybody.

    Raises:
        ConfigurationError: it is not installed.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return _module(f"onnxruntime.{part}" if part else "onnxruntime")


def _module(name: str) -> Any:
    return try_import(name, extra="onnx", needed_by="the format onnx")
