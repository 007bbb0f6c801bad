"""The pages that lie in exported folders."""

import math

from hyperprune import __version__
from hyperprune.export.subject import Subject
from hyperprune.inference.compact import TensorRecord
from hyperprune.inference.description import Description

_KINDS = {"lstm": "LSTM", "gru": "GRU", "rnn": "tanh RNN"}


def readme(subject: Subject, description: Description) -> str:
    """What the folder of the format ``torch`` says of itself."""
    pruned = any(record.live < math.prod(record.shape) for record in _matrices(description).values())
    title = f"{description.network}{', pruned' if pruned else ''}"
    return f"# {title}\n\n{_facts(subject, description)}\n{_use(description)}"


def card(subject: Subject, description: Description) -> str:
    """A model card as the Hugging Face hub reads it, made from the run."""
    tags = ["pruning", "sparse", *([] if description.plain is None else [description.plain.kind])]
    head = ["---", "library_name: hyperprune", "tags:", *(f"- {tag}" for tag in tags)]
    if description.vocabulary is not None:
        head.append("pipeline_tag: text-generation")
    return "\n".join([*head, "---", ""]) + "\n" + readme(subject, description)


def _matrices(description: Description) -> dict[str, TensorRecord]:
    return {name: record for name, record in description.tensors.items() if len(record.shape) == 2}


def _facts(subject: Subject, description: Description) -> str:
    matrices = _matrices(description)
    live = sum(record.live for record in matrices.values())
    total = sum(record.shape[0] * record.shape[1] for record in matrices.values())
    lines = [
        f"{live:,} of {total:,} weights are live ({live / max(total, 1):.1%}), biases apart"
        f"{', as 8-bit whole numbers with a scale for each row' if description.int8 else ''}.",
        "",
        "| tensor | shape | live | density | kept as |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, record in matrices.items():
        rows, columns = record.shape
        kept = (
            "dense" if record.layout == "dense" else f"{record.block[0]}x{record.block[1]}, {record.layout}"
        )
        lines.append(
            f"| {name} | {rows} x {columns} | {record.live:,} | {record.live / rows / columns:.3f} | {kept} |"
        )
    if description.vocabulary is not None:
        unit = f"{description.level}s" if description.level else "tokens"
        lines += [
            "",
            f"A language model over {len(description.vocabulary):,} {unit}; config.json lists them.",
        ]
    if description.task is not None:
        lines += ["", f"Trained on the task `{description.task}`."]
    measured = description.score.get("valid")
    if measured is not None:
        value = subject.score.text(float(measured))
        lines += ["", f"{subject.score.title} on the validation part: {value}."]
    if subject.story:
        lines += ["", subject.story]
    lines += ["", f"Written by hyperprune {__version__}. Nothing in this folder is a pickle.", ""]
    return "\n".join(lines)


def _use(description: Description) -> str:
    inputs = "tokens" if description.plain is None or description.plain.embedding else "features"
    rest = "" if inputs == "tokens" else ", features"
    if description.plain is None and description.model is None:
        return _use_of_a_strangers(description)
    on = "torch" if description.plain is None else "its kernels"
    blocks = [
        f"## Use\n\nWith hyperprune, step by step, on {on}:\n",
        "```python",
        "import hyperprune.inference",
        "",
        'network = hyperprune.inference.load(".")  # this folder',
        f"y, state = network.step(x)  # {inputs} of one step, (batch{rest})",
        "y, state = network.step(x, state)",
        "```",
        "",
    ]
    if description.plain is not None:
        blocks += [
            "With torch and safetensors alone; module.py lies in this folder:\n",
            "```python",
            "from module import load",
            "",
            'network = load(".")',
            f"outputs, state = network(inputs)  # (time, batch{rest})",
            "```",
            "",
        ]
    return "\n".join(blocks)


def _use_of_a_strangers(description: Description) -> str:
    """Of a class that only its owner has: the weights by name."""
    lines = [
        "## Use\n\nThe class of this network is your own. Its weights, pruned ones at zero:\n",
        "```python",
        "import hyperprune.inference",
        "",
        'weights = hyperprune.inference.read_folder(".").state()  # this folder',
        f"network.load_state_dict(weights)  # a {description.network} of the same sizes",
        "```",
        "",
    ]
    return "\n".join(lines)
