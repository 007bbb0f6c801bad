"""What every report is: one page that opens offline, and its figures as PNG beside it."""

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import tomli_w
from markupsafe import Markup
from matplotlib.figure import Figure
from pydantic import BaseModel

from hyperprune import __version__, files
from hyperprune.config.toml import without_none
from hyperprune.papers import Paper
from hyperprune.reports.figures import PALETTE
from hyperprune.reports.pages.bibtex import bibtex
from hyperprune.reports.pages.drawing import Drawing
from hyperprune.reports.pages.svg import svg


def save(folder: Path, page: str, drawn: Mapping[str, Drawing]) -> Path:
    """Write report.html and figures/*.png into a run folder, and give the page's path."""
    for name, drawing in drawn.items():
        _save_png(folder / "figures" / f"{name}.png", drawing.wide)
    path = folder / "report.html"
    files.write_bytes(path, page.encode())
    return path


def rendered(
    template: str,
    config: BaseModel,
    cited: Iterable[Paper],
    drawn: Mapping[str, Drawing],
    data: Markup,
    **values: Any,
) -> str:
    """A page.

    Args:
        template: its file.
        config: shown whole, as TOML.
        cited: papers.
        drawn: the figures by name.
        data: JSON for the script.
        values: what the template takes beside these.
    """
    cited = list(cited)
    return (
        _environment()
        .get_template(template)
        .render(
            version=__version__,
            config=tomli_w.dumps(without_none(config.model_dump(mode="json"))),
            figures={
                name: (
                    svg(drawing.wide, f"{name}-wide", drawing.label),
                    svg(drawing.narrow, f"{name}-narrow", drawing.label),
                )
                for name, drawing in drawn.items()
            },
            papers=cited,
            bibtex="\n\n".join(bibtex(paper) for paper in cited),
            colours=PALETTE,
            style=Markup(_text("report.css")),
            script=Markup(_text("report.js")),
            data=data,
            **values,
        )
    )


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(name: str) -> str:
    return resources.files("hyperprune.reports.pages").joinpath(name).read_text(encoding="utf-8")


def _save_png(path: Path, figure: Figure) -> None:
    files.make_folder(path.parent)
    files.write_atomically(path, lambda stream: figure.savefig(stream, format="png", dpi=140))
