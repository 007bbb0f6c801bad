"""What a part repeats of the training part, and a built-in corpus that hardly does."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.cli.work.run_data import repeats_sentences
from hyperprune.corpora import CorpusConfig, Level, load, stats
from hyperprune.corpora.python_docs import sections
from hyperprune.corpora.repeats import repeated_share


def slowly(part: list[int], train: list[int], length: int) -> float | None:
    """By sets of tuples."""
    known = {tuple(train[k : k + length]) for k in range(len(train) - length + 1)}
    own = [tuple(part[k : k + length]) for k in range(len(part) - length + 1)]
    return sum(one in known for one in own) / len(own) if own else None


TOKENS = st.lists(st.integers(0, 2), max_size=40)


@given(TOKENS, TOKENS, st.integers(1, 5))
def test_shares_are_those_of_sets_of_tuples(part: list[int], train: list[int], length: int) -> None:
    found = repeated_share(torch.tensor(part).long(), torch.tensor(train).long(), length)
    assert found == slowly(part, train, length)


def test_share_by_hand() -> None:
    """Of the four pairs of abcab the first, the second and the last stand in abc."""
    assert repeated_share(torch.tensor([0, 1, 2, 0, 1]), torch.tensor([0, 1, 2]), 2) == 0.75


@pytest.mark.parametrize("level", ["word", "character"])
def test_the_built_in_corpus_hardly_repeats_itself(level: Level) -> None:
    """Of ten-word sequences, 11 % of the validation part and 43 % of the test part occurred in training."""
    counted = stats(load(CorpusConfig(level=level)), level)
    for name in ("valid", "test"):
        share = counted.parts[name].repeated
        assert share is not None
        assert share < 0.02, name
        assert counted.parts[name].tokens > 0.07 * counted.parts["train"].tokens
        assert counted.parts[name].unknown_rate < 0.06
    assert not any(line.startswith("Warning") for line in repeats_sentences(counted, level))
    assert "topics without repeated paragraphs" in counted.split


def test_no_paragraph_and_no_rule_of_a_table_stands_in_it_twice() -> None:
    paragraphs = [" ".join(text.split()) for section in sections() for text in section.split("\n\n")]
    assert len(set(paragraphs)) == len(paragraphs) > 1000
    assert not any(
        set(line) <= set("-=+ ") and len(line) > 3 for text in sections() for line in text.split("\n")
    )


def test_a_part_that_training_has_seen_is_warned_of(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(400)]
    (tmp_path / "train.txt").write_text(" ".join(words[:300]))
    (tmp_path / "valid.txt").write_text(" ".join(words[300:]))
    (tmp_path / "test.txt").write_text(" ".join(words[250:350]))
    counted = stats(load(CorpusConfig(source=str(tmp_path))), "word")
    assert counted.parts["train"].repeated is None
    assert counted.parts["valid"].repeated == 0
    (warning,) = (line for line in repeats_sentences(counted, "word") if line.startswith("Warning"))
    assert "45% of the test part occurs in training" in warning
