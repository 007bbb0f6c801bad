"""Draws docs/images/layers.svg: the rooms of the package and who imports whom, read from the sources.

    python docs/scripts/draw_layers.py

A line goes from a room to each that it imports; all of them go up, which ``tests/test_layers.py`` holds.
"""

import ast
from collections import Counter
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hyperprune"
PICTURE = ROOT / "docs" / "images" / "layers.svg"
ROWS = [  # as in tests/test_layers.py; what stands in one file is drawn as one box
    ["basics"],
    ["corpora", "models", "sparsity", "executors"],
    ["optim", "lyapunov", "inference"],
    ["tasks"],
    ["training"],
    ["search"],
    ["export"],
    ["reports"],
    ["cli"],
]
INK, PAPER, LINE = "#1f2933", "#eef2f6", "#7b8794"


def room_of(module: str) -> str:
    """The room of a dotted name; single files and small folders at the top are the basics."""
    name = [*module.split("."), ""][1]
    return name if any(name in row for row in ROWS) else "basics"


def edges() -> Counter[tuple[str, str]]:
    """How many imports lead from one room to another."""
    found: Counter[tuple[str, str]] = Counter()
    for path in SOURCE.rglob("*.py"):
        own = room_of("hyperprune." + ".".join(path.relative_to(SOURCE).with_suffix("").parts))
        if own == "basics":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hyperprune"):
                for alias in node.names:
                    other = room_of(f"{node.module}.{alias.name}")
                    if other not in (own, "basics"):  # all rooms use the basics
                        found[own, other] += 1
    return found


def draw() -> None:
    """Write the picture."""
    mpl.rcParams["svg.hashsalt"] = "layers"  # the same bytes from the same sources
    here = [[room for room in row if room == "basics" or (SOURCE / room).is_dir()] for row in ROWS]
    here = [row for row in here if row]
    place = {
        room: ((column + 1) / (len(row) + 1), 1 - (line + 0.5) / len(here))
        for line, row in enumerate(here)
        for column, room in enumerate(row)
    }
    figure = Figure(figsize=(8, 6.4), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for (own, other), count in sorted(edges().items()):
        (x, y), (to_x, to_y) = place[own], place[other]
        bend = 0.12 if x == to_x and abs(y - to_y) > 1.5 / len(here) else 0.0
        axes.annotate(
            "",
            xy=(to_x, to_y - 0.028),
            xytext=(x, y + 0.028),
            arrowprops={
                "arrowstyle": "-|>",
                "color": LINE,
                "alpha": 0.55,
                "linewidth": 0.5 + min(count, 40) / 20,
                "connectionstyle": f"arc3,rad={bend}",
            },
        )
    for room, (x, y) in place.items():
        files = sum(1 for _ in SOURCE.glob(f"{room}/**/*.py")) if room != "basics" else 0
        text = (
            "errors, files, registry, config ...: used by all"
            if room == "basics"
            else f"{room}  ({files} files)"
        )
        axes.text(
            x,
            y,
            text,
            ha="center",
            va="center",
            color=INK,
            fontsize=10,
            bbox={"boxstyle": "round,pad=0.45", "facecolor": PAPER, "edgecolor": LINE},
        )
    figure.savefig(PICTURE, metadata={"Date": None})
    print(f"wrote {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    draw()
