"""The page in a real browser: it asks for nothing, complains of nothing, sorts, filters, fits a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import chromium
from hyperprune.search import RunFolder, SearchResult

BROWSER = chromium.executable()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome on the PATH or in CHROMIUM")
COLUMN = "[...document.querySelectorAll('#table tbody tr:not([hidden])')].map(r => r.cells[{}].dataset.key)"
HEADINGS = "[...document.querySelectorAll('#table thead th')].map(h => h.textContent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Page]:
    assert BROWSER is not None
    with chromium.Page(BROWSER) as page:
        yield page


@pytest.fixture
def page(browser: chromium.Page, written: Path) -> Iterator[chromium.Page]:
    browser.open(written)
    yield browser
    assert browser.requests == []
    assert browser.complaints == []


def column(page: chromium.Page, heading: str) -> list[str]:
    return page.evaluate(COLUMN.format(page.evaluate(HEADINGS).index(heading)))


def click(page: chromium.Page, heading: str) -> None:
    place = page.evaluate(HEADINGS).index(heading)
    page.evaluate(f"document.querySelectorAll('#table thead th')[{place}].querySelector('button').click()")


def test_the_browser_would_notice(browser: chromium.Page, tmp_path: Path) -> None:
    """A page that asks and complains is seen to do so."""
    file = tmp_path / "page.html"
    file.write_text("<img src='missing.png'><script>console.error('no'); undefined.x</script>")
    browser.open(file)
    assert [address.rsplit("/", 1)[1] for address in browser.requests] == ["missing.png"]
    assert len(browser.complaints) >= 3


@pytest.mark.parametrize("heading", ["first LS distance", "rank by loss", "test ppl", "death rate", "no."])
def test_numbers_sort_both_ways_and_empty_cells_come_last(page: chromium.Page, heading: str) -> None:
    for reverse in (False, True):
        click(page, heading)
        keys = column(page, heading)
        filled = [float(key) for key in keys if key]
        assert filled == sorted(filled, reverse=reverse)
        assert keys[len(filled) :] == [""] * (len(keys) - len(filled))
        order = page.evaluate("document.querySelector('#table th[aria-sort]').getAttribute('aria-sort')")
        assert order == ("descending" if reverse else "ascending")


def test_words_sort_and_equal_ones_keep_their_number(page: chromium.Page) -> None:
    click(page, "redistribution")
    pairs = list(zip(column(page, "redistribution"), map(int, column(page, "no.")), strict=True))
    assert pairs == sorted(pairs)


def test_filter_by_words_and_by_standing(
    page: chromium.Page, searched: tuple[RunFolder, SearchResult]
) -> None:
    variants = [c.variant for c in searched[1].candidates]
    wanted = sum(v["sparse_init"] == "er" and v["redistribution"] == "none" for v in variants)
    type_in = "(f => { f.value = %r; f.dispatchEvent(new Event('input')) })(document.getElementById(%r))"
    page.evaluate(type_in % ("ER none", "filter"))
    assert len(column(page, "no.")) == wanted
    assert page.evaluate("document.getElementById('count').textContent") == f"{wanted} of {len(variants)}"
    page.evaluate(type_in % ("", "filter"))
    page.evaluate(type_in % ("selected", "standing"))
    assert column(page, "no.") == [str(searched[1].selected)]


def test_spectra_follow_the_slider(page: chromium.Page) -> None:
    lines = "[...document.querySelectorAll('#spectra-viewer polyline')].map(l => l.getAttribute('points'))"
    last = page.evaluate(lines)
    assert len(last) == 4  # two layers, dense and candidate
    page.evaluate(
        "(s => { s.value = 0; s.dispatchEvent(new Event('input')) })(document.getElementById('epoch'))"
    )
    first = page.evaluate(lines)
    assert all(a != b for a, b in zip(first, last, strict=True))
    assert page.evaluate("document.getElementById('epoch-out').textContent") == "1 of 5"
    assert page.evaluate("document.getElementById('spectra-out').textContent").startswith("LS distance")


def test_density_is_drawn_for_every_candidate(page: chromium.Page) -> None:
    names = page.evaluate("[...document.getElementById('density-network').options].map(o => o.value)")
    for name in names:
        page.evaluate(
            f"(s => {{ s.value = '{name}'; s.dispatchEvent(new Event('input')) }})"
            "(document.getElementById('density-network'))"
        )
        panels = page.evaluate("document.querySelectorAll('#density-viewer svg').length")
        assert panels == 6
        text = page.evaluate("document.getElementById('density-viewer').innerHTML")
        assert "NaN" not in text
        assert "Infinity" not in text


def test_pointing_at_a_row_finds_the_candidate_in_every_figure(page: chromium.Page) -> None:
    page.point_at("#table tbody tr.selected td")
    hot = page.evaluate("[...document.querySelectorAll('svg.pointing')].length")
    assert hot >= 4
    page.point_at("h1")
    assert page.evaluate("document.querySelectorAll('.hot').length") == 0


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 768, 1100])
def test_page_fits(page: chromium.Page, written: Path, width: int, dark: bool) -> None:
    page.open(written, width=width, height=844, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (red < 80) == dark
    shown = page.evaluate(
        "[...document.querySelectorAll('figure > div')].filter(d => d.checkVisibility())"
        ".map(d => d.className)"
    )
    assert ("narrow" in shown) == (width < 640)
    assert ("wide" in shown) == (width >= 640)


def test_theme_can_be_chosen(page: chromium.Page) -> None:
    colours = []
    for _ in range(3):
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.evaluate("document.getElementById('theme').click()")
    assert colours[0] == colours[1] != colours[2]


def test_without_scripts_every_figure_is_there(browser: chromium.Page, written: Path) -> None:
    browser.open(written, scripts=False)
    shown = browser.evaluate(
        "[...document.querySelectorAll('figure')].filter(f => f.checkVisibility()).map(f => f.id)"
    )
    assert {"figure-density", "figure-spectra-by-epoch", "figure-paths"} <= set(shown)
    assert "spectra-viewer" not in shown


def test_an_unfinished_run_is_as_clean(browser: chromium.Page, written_unfinished: Path) -> None:
    browser.open(written_unfinished, width=390)
    assert browser.requests == browser.complaints == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390
