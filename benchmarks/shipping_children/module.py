"""Loads a folder of the format torch by its own module.py; hyperprune must not be needed."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import safetensors.torch
import torch
from stepping import latency


class _Refused:
    """Fails where hyperprune is imported."""

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse it."""
        if name.partition(".")[0] == "hyperprune":
            raise ImportError("this folder must not need hyperprune")


sys.meta_path.insert(0, _Refused())
folder, given, result = map(Path, sys.argv[1:])
torch.set_num_threads(1)
spec = spec_from_file_location("shipped", folder / "module.py")
assert spec is not None
assert spec.loader is not None
module = module_from_spec(spec)
spec.loader.exec_module(module)
network = module.load(folder)
inputs = safetensors.torch.load_file(given)["inputs"]
with torch.no_grad():
    outputs, state = network(inputs)
    safetensors.torch.save_file({"outputs": outputs.contiguous()}, result)
    x = inputs[:1]
    print(latency(lambda: network(x, state)))
