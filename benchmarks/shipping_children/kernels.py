"""Loads a folder of the format torch or hub with hyperprune.inference, step by step."""

import sys
from pathlib import Path

import safetensors.torch
import torch
from stepping import latency

import hyperprune.inference

folder, given, result = map(Path, sys.argv[1:])
torch.set_num_threads(1)
network = hyperprune.inference.load(folder)
inputs = safetensors.torch.load_file(given)["inputs"]
state, steps = None, []
for x in inputs:
    y, state = network.step(x, state)
    steps.append(y)
safetensors.torch.save_file({"outputs": torch.stack(steps)}, result)
first = inputs[0]
print(latency(lambda: network.step(first, state)))
