"""Launches and waits of a training step on a device that is pretended, so that no card is needed.

    python benchmarks/launches.py [--base a851880]

Windows, layers and depths are those of the published presets, layers are narrow: how many operations a step
starts does not depend on how wide they are. A call of torch's recurrent kernels counts as one, as cuDNN's do;
an operation that only looks at memory in another way counts as none. With CUDA graphs a replayed loop is one
launch. With ``--base`` the same is counted with the sources of an earlier version.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "jobs"))
PUBLISHED = ("ptb-lstm", "ptb-awd-lstm", "ptb-rhn", "wt2-mos", "ptb-on-lstm")


def parts() -> tuple[Any, Any, Any]:
    """Recipe, batches and preset of whichever version is found."""
    for room, text, presets in (
        ("hyperprune.tasks", "hyperprune.tasks.text.language_batches", "hyperprune.search"),
        ("hyperprune.training.recipe", "hyperprune.training.language_batches", "hyperprune.search.presets"),
    ):
        try:
            recipe, batches = importlib.import_module(room).Recipe, importlib.import_module(text).batches
            return recipe, batches, importlib.import_module(presets).preset
        except (ImportError, AttributeError):
            continue
    raise SystemExit("this version has no training step that is known here")


def counted(name: str, *, graphs: bool = False) -> tuple[int, int]:
    """Launches and waits of a step of a preset; of its second one, with loops recorded in the first."""
    from pretend_device import PLACE, PretendDevice

    from hyperprune.models import ModelConfig
    from hyperprune.optim import build

    recipe_kind, batches, preset = parts()
    tables = preset(name)
    recipe = recipe_kind(**{**tables["recipe"], "random_bptt": False})
    narrow = {"embedding": 12, "hidden": 12}
    narrow |= {"last_hidden": 12} if "last_hidden" in tables["model"] else {}
    narrow |= {"chunk": 4} if tables["model"]["kind"] == "on-lstm" else {}
    torch.manual_seed(0)
    network = ModelConfig.model_validate({**tables["model"], **narrow}).build(50)
    text = torch.randint(50, (recipe.bptt + 1, recipe.batch))
    with PretendDevice(stacked_dropout=True) as device:  # as earlier versions had it
        network, text = network.to(PLACE), text.to(PLACE)
        optimizer = build("sgd", network, lr=0.1, weight_decay=recipe.weight_decay)
        with recorded(device) if graphs else nullcontext():
            for _ in range(1 + graphs):
                device.forget()
                (batch,) = batches(network, text, recipe, torch.Generator())
                optimizer.zero_grad(set_to_none=True)
                batch.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
                optimizer.step()
        return device.launches.total(), device.waits.total()


def recorded(device: Any) -> AbstractContextManager[None]:
    """Inside, loops are recorded where they can be."""
    from pretend_device import PLACE
    from pretend_graphs import OneLaunch

    from hyperprune.models.layers import graphed

    graphed.RECORDERS[PLACE.type] = lambda: OneLaunch(device)
    return graphed.replaying(True, PLACE, often=1)


def knows_graphs() -> bool:
    """Whether the version that is found records loops."""
    try:
        importlib.import_module("hyperprune.models.layers.graphed")
    except ImportError:
        return False
    return True


def main() -> None:
    """Print a table; of two versions one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", help="revision to count too")
    options = parser.parse_args()
    if options.base is not None:
        with tempfile.TemporaryDirectory() as folder:
            revision = ["git", "-C", str(ROOT), "archive", options.base, "src"]
            archive = subprocess.run(revision, check=True, capture_output=True)
            subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
            environment = {**os.environ, "PYTHONPATH": f"{folder}/src"}
            print(f"{options.base}\n", flush=True)
            subprocess.run([sys.executable, "-P", __file__], env=environment, check=True)
        print("\nnow\n")
    graphs = knows_graphs()
    print("| preset | launches a step | with graphs | waits a step |\n| --- | --- | --- | --- |")
    for name in PUBLISHED:
        launches, waits = counted(name)
        fewer = f"{counted(name, graphs=True)[0]:,}" if graphs else "-"
        print(f"| {name} | {launches:,} | {fewer} | {waits} |", flush=True)


if __name__ == "__main__":
    main()
