"""What the progress of a search says of a candidate that has come to the end of its part."""

import pytest
from small_search import families

from hyperprune.cli.terminal.progress import SearchProgress
from hyperprune.cli.terminal.screen import Screen
from hyperprune.search import CandidateEnded


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        (("ls", 0.25), "candidate 4: ls 0.2500, perplexity 12.50, "),
        (("loss", 2.5257), "candidate 4: perplexity 12.50, "),  # which is that loss, as people read it
    ],
)
def test_a_line_says_what_ranked_it_and_its_score_once(
    measured: tuple[str, float], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    variant = {"density": 0.33, "criterion": "magnitude"}
    with SearchProgress(families(), Screen()) as progress:
        progress(CandidateEnded(4, variant, measured[1], 12.5, measured=measured))
    assert says in capsys.readouterr().out
