"""Loads the step graph of a folder of the format onnx in onnxruntime, step by step."""

import sys
from pathlib import Path

sys.path.remove(str(Path(__file__).parent))  # this file is called like a package
import numpy
import onnxruntime
import safetensors.numpy

sys.path.append(str(Path(__file__).parent))
from stepping import latency

folder, given, result = map(Path, sys.argv[1:])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 3
(graph,) = folder.glob("step*.onnx")
session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
names = [given.name for given in session.get_inputs()]
sizes = [given.shape[1] for given in session.get_inputs()[1:]]
inputs = safetensors.numpy.load_file(given)["inputs"]
states, steps = [numpy.zeros((1, size), numpy.float32) for size in sizes], []
for x in inputs:
    y, *states = session.run(None, dict(zip(names, [x, *states], strict=True)))
    steps.append(y)
safetensors.numpy.save_file({"outputs": numpy.stack(steps)}, result)
first = dict(zip(names, [inputs[0], *states], strict=True))
print(latency(lambda: session.run(None, first)))
