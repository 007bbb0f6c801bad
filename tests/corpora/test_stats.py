import time
from pathlib import Path

import pytest

from hyperprune.corpora import CorpusConfig, load, stats
from hyperprune.errors import CorpusError


def _corpus(tmp_path: Path, **parts: str) -> str:
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text(parts.get(name, "a\n"))
    return str(tmp_path)


def test_counts_by_hand(tmp_path: Path) -> None:
    source = _corpus(tmp_path, train="a b a\nc\n", valid="a z z\n", test="<unk>\n")
    counted = stats(load(CorpusConfig(source=source)), "word")
    assert counted.vocabulary == 5
    train, valid, test = (counted.parts[name] for name in ("train", "valid", "test"))
    assert (train.tokens, train.types, train.unknown, train.lines, train.longest_line) == (6, 4, 0, 2, 3)
    assert (valid.tokens, valid.types, valid.unknown, valid.unknown_rate) == (4, 3, 2, 0.5)
    assert (test.tokens, test.unknown, test.longest_line) == (2, 1, 1)


def test_characters_stand_for_themselves_and_newline_for_eos(tmp_path: Path) -> None:
    source = _corpus(tmp_path, train="ab b\n\n", valid="b\n", test="a\n")
    corpus = load(CorpusConfig(source=source, level="character"))
    types = corpus.vocabulary.types
    assert [types[number] for number in corpus.train.tolist()] == ["a", "b", " ", "b", "<eos>", "<eos>"]
    counted = stats(corpus, "character")
    assert (counted.parts["train"].lines, counted.parts["train"].longest_line) == (2, 4)


def test_text_without_line_ends_has_no_longest_line() -> None:
    assert stats(load(CorpusConfig()), "word").parts["train"].longest_line is None


@pytest.mark.parametrize("level", ["word", "character"])
def test_line_of_ten_megabytes_is_read_in_seconds(tmp_path: Path, level: str) -> None:
    line = "word " * 2_000_000
    source = _corpus(tmp_path, train=f"{line}\n", valid="word\n", test="word\n")
    began = time.process_time()
    corpus = load(CorpusConfig(source=source, level=level))  # type: ignore[arg-type]
    # 2 and 10 million tokens; takes 1 and 3 s where this was written
    assert time.process_time() - began < 20
    assert stats(corpus, level).parts["train"].longest_line == (2_000_000 if level == "word" else 10_000_000)
    load.cache_clear()


def test_word_of_ten_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    source = _corpus(tmp_path, train="a\n" + "x" * 10**7 + "\n")
    began = time.process_time()
    with pytest.raises(CorpusError, match=r"10,000,000 characters in line 2.*--level character"):
        load(CorpusConfig(source=source))
    assert time.process_time() - began < 5


def test_binary_file_of_ten_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    source = _corpus(tmp_path)
    (tmp_path / "train.txt").write_bytes(bytes(range(256)) * 40_000)
    began = time.process_time()
    with pytest.raises(CorpusError, match="not a text file"):
        load(CorpusConfig(source=source))
    assert time.process_time() - began < 5


@pytest.mark.parametrize("source", ["x" * 5000, "~nobody-of-this-name/x", "a\0b"])
def test_impossible_paths_are_named(source: str) -> None:
    with pytest.raises(CorpusError, match=r"is not a valid path|there is no corpus"):
        load(CorpusConfig(source=source))
