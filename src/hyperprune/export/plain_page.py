"""Tables that several pages have."""

from collections.abc import Mapping

from hyperprune.inference.choose import Choice


def choices_table(choices: Mapping[str, Choice]) -> str:
    """How each matrix is kept, as Markdown."""
    lines = ["| matrix | kept as | stored values | bytes |", "| --- | --- | --- | --- |"]
    for name, choice in choices.items():
        lines.append(f"| {name} | {choice.layout.name} | {choice.values:,} | {choice.bytes:,} |")
    return "\n".join([*lines, ""])
