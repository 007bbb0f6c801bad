"""The text of a network that is measured elsewhere."""

import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.tasks import task_of


def test_a_level_that_no_text_has_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"corpus.level: Input should be 'word' or 'character', not '0.5'"
    ):
        task_of({}, None, "there.safetensors", source="python-docs", level="0.5")
