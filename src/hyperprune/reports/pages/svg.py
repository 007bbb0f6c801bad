"""Matplotlib's figures as elements of a page: its colours, its font, small, and without names that clash."""

import io
import re
from collections.abc import Callable

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from hyperprune.reports.figures import PALETTE

_VARIABLES = {light: f"var(--{name})" for name, (light, _) in PALETTE.items()}
_LONG_NUMBER = re.compile(r"(\d\.\d\d)\d+")
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r' id="([^"]+)"')
_USED = re.compile(r'(?:url\(|href=")#([^")]+)')
_COLOUR = re.compile("|".join(_VARIABLES))


def svg(figure: Figure, name: str, label: str) -> Markup:
    """The figure as an svg element, the same bytes for the same figure.

    Text stays text, colours of the palette become the page's variables, and what a figure named
    ``net-...`` gets that as its class, so that the page can point out one network in all figures.

    Args:
        figure: drawn in the light colours of the palette.
        name: sets its inner names apart from those of other figures on the page.
        label: what it shows, for those who cannot see it.
    """
    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    figure.set_layout_engine("none")  # settled now; to settle it again for a PNG costs most of the time
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    text = re.sub(
        r"<style.*?</style>|font-family: [^;\"]+; |<metadata>.*?</metadata>", "", text, flags=re.DOTALL
    )
    text = re.sub(r' transform="rotate\(-?0 [^"]*"', "", text)
    text = _COLOUR.sub(lambda match: _VARIABLES[match[0]], text)
    text = _TAG.sub(lambda tag: _LONG_NUMBER.sub(r"\1", tag[0]), text)
    text = _ID.sub(_named(set(_USED.findall(text)), name), text)
    text = re.sub(r"\s*\n\s*", " ", text).replace("<defs> </defs>", "")
    return Markup(text.replace("<svg ", f'<svg role="img" aria-label="{Markup.escape(label)}" ', 1))


def _named(used: set[str], name: str) -> Callable[[re.Match[str]], str]:
    def rename(match: re.Match[str]) -> str:
        if match[1].startswith("net-"):
            return f' class="net {match[1]}"'
        return match[0] if match[1] in used else ""

    return rename
