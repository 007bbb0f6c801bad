"""``hyperprune export``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.table import option

_FORM = "What is written"


def export(
    target: Annotated[
        Path, typer.Argument(help="Run folder, checkpoint (epoch-0003.safetensors), or folder of a network.")
    ],
    format: Annotated[  # what people call it
        str, option(_FORM, "torch, hub, c or onnx.", "--format", metavar="FORMAT")
    ] = "torch",
    out: Annotated[Path, option(_FORM, "The folder to write; new, or empty.")] = Path("export"),
    candidate: options.Candidate = None,
    dense: options.Dense = False,
    int8: Annotated[
        bool, option(_FORM, "8-bit weights; their loss is shown beside that of the full ones.", "--int8")
    ] = False,
    whole: Annotated[
        bool, option(_FORM, "torch, hub: a plain state dictionary, zeros included.", "--whole")
    ] = False,
    sequence: Annotated[
        bool, option(_FORM, "onnx: a graph of whole sequences beside that of one step.", "--sequence")
    ] = False,
    prefer: Annotated[str, option(_FORM, "c: store matrices for the smallest size, or for speed.")] = "size",
    task: options.TaskAgain = None,
    threads: options.Threads = 1,
    as_json: options.Json = False,
) -> None:
    """Write a trained network in a form that others can use, and check it by running both.

    A run folder of a search stands for its selected network. torch: safetensors that hold live weights alone,
    and a module that needs no hyperprune. hub: that with a model card. c: C99 source and weights, without
    allocation or libraries. onnx: graphs for onnxruntime, dense. The folder is kept only if its outputs are
    those of the network.
    """
    from hyperprune.cli.work import run_export

    run_export.export(
        target,
        out,
        format,
        candidate,
        task,
        dense=dense,
        int8=int8,
        compact=not whole,
        sequence=sequence,
        prefer=prefer,
        threads=threads,
        as_json=as_json,
    )
