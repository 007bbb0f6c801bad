"""The guide's code runs, block after block, and the example does too."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_block_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "lyapunov.md").read_text(), re.M | re.S)
    assert len(blocks) >= 7
    names: dict[str, object] = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, "docs/lyapunov.md", "exec"), names)
    assert "nats/step" in capsys.readouterr().out


def test_pictures_of_the_guide_are_there_and_small() -> None:
    text = (ROOT / "docs" / "lyapunov.md").read_text()
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", text)
    assert pictures
    for picture in pictures:
        assert 0 < (ROOT / "docs" / picture).stat().st_size < 200_000


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("lyapunov_*.py")))
def test_examples_run(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ROOT / "examples" / example), run_name="__main__")
    assert capsys.readouterr().out
