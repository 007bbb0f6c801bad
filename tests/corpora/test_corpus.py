import math
import os
import sys
from pathlib import Path

import pytest
import torch

from hyperprune.corpora import CorpusConfig, columns, load, unigram_perplexity, windows
from hyperprune.corpora.tokens import tokenise
from hyperprune.corpora.vocabulary import Vocabulary
from hyperprune.errors import CorpusError

SHARED = Path(__file__).parents[3] / "shared" / "data"


def _folder(tmp_path: Path, **parts: str) -> str:
    for name, text in parts.items():
        (tmp_path / f"{name}.txt").write_text(text)
    return str(tmp_path)


def test_eos_ends_every_line_even_an_empty_or_unfinished_one() -> None:
    assert tokenise("a b\n\nc", "word") == ["a", "b", "<eos>", "<eos>", "c", "<eos>"]
    assert tokenise("a b\n\nc\n", "word") == ["a", "b", "<eos>", "<eos>", "c", "<eos>"]
    assert tokenise("a b\n", "character") == ["a", " ", "b", "<eos>"]


def test_vocabulary_comes_from_training_alone(tmp_path: Path) -> None:
    corpus = load(CorpusConfig(source=_folder(tmp_path, train="a b a\n", valid="a z\n", test="b\n")))
    assert corpus.vocabulary.types == ("a", "b", "<eos>", "<unk>")
    assert corpus.train.tolist() == [0, 1, 0, 2]
    assert corpus.valid.tolist() == [0, 3, 2]


def test_unknown_is_not_added_where_nothing_needs_it(tmp_path: Path) -> None:
    corpus = load(CorpusConfig(source=_folder(tmp_path, train="a b a\n", valid="a\n", test="b\n")))
    assert "<unk>" not in corpus.vocabulary.types


def test_limited_vocabulary_keeps_the_most_frequent_and_counts_unknown() -> None:
    vocabulary = Vocabulary.of(["a", "a", "a", "b", "b", "c", "d"], limit=3)
    assert vocabulary.types == ("a", "b", "<unk>")
    assert vocabulary.encode(["d", "a", "zz"]).tolist() == [2, 0, 2]


def test_limited_training_tokens_limit_the_vocabulary_too(tmp_path: Path) -> None:
    source = _folder(tmp_path, train="a b c d e\n", valid="a\n", test="b\n")
    corpus = load(CorpusConfig(source=source, max_train_tokens=2))
    assert corpus.train.tolist() == [0, 1]
    assert corpus.vocabulary.types == ("a", "b", "<unk>")


def test_one_file_is_split_by_position(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"w{i}" for i in range(50)) + "\n")
    corpus = load(CorpusConfig(source=str(path)))
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [80, 10, 10]


def _books(folder: Path, count: int, words: int = 9) -> str:
    folder.mkdir()
    for number in range(count):
        text = " ".join(f"w{number}" for _ in range(words))
        (folder / f"{number:02d}.txt").write_text(text + "\n")
    return str(folder)


def test_a_folder_of_many_text_files_is_split_by_file(tmp_path: Path) -> None:
    source = _books(tmp_path / "books", 20)
    corpus = load(CorpusConfig(source=source))
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [160, 20, 20]
    assert corpus.split == "20 files, 16/2/2 of them by their names"
    assert {f"w{n}" for n in range(16)} | {"<eos>", "<unk>"} == set(corpus.vocabulary.types)
    pattern = load(CorpusConfig(source=f"{source}/*.txt"))
    assert pattern.sha256 == corpus.sha256


def test_a_few_text_files_are_joined_and_split_by_position(tmp_path: Path) -> None:
    corpus = load(CorpusConfig(source=_books(tmp_path / "books", 4)))
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [32, 4, 4]
    assert corpus.split == "4 files, joined and split 80/10/10 by position"


def test_one_huge_file_among_many_leaves_no_part_without_text(tmp_path: Path) -> None:
    source = _books(tmp_path / "books", 12)
    (tmp_path / "books" / "00.txt").write_text("a " * 10_000)
    corpus = load(CorpusConfig(source=source))
    assert corpus.split.endswith("joined and split 80/10/10 by position")
    assert min(len(corpus.valid), len(corpus.test)) > 900


def test_a_pattern_goes_into_folders_and_is_kept_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _books(tmp_path / "a", 3)
    _books(tmp_path / "b", 3)
    monkeypatch.chdir(tmp_path)
    config = CorpusConfig(source="**/*.txt")
    assert config.source == str(tmp_path / "**/*.txt")
    assert load(config).split.startswith("6 files")
    with pytest.raises(CorpusError, match=r"no file is called like .*/\*\.text"):
        load(CorpusConfig(source="*.text"))


def test_a_misspelt_corpus_is_answered_with_the_one_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("a\n")
    for wrong, right in (
        ("python-doc", "python-docs"),
        ("wikitext2", "wikitext-2"),
        ("mien.txt", "mine.txt"),
    ):
        with pytest.raises(CorpusError, match=f"did you mean {right}"):
            load(CorpusConfig(source=wrong))


def test_a_lone_carriage_return_ends_a_line(tmp_path: Path) -> None:
    """Old Macs end lines so: the whole text was one line."""
    sources = {}
    for name, end in (("unix", b"\n"), ("dos", b"\r\n"), ("mac", b"\r")):
        (tmp_path / name).write_bytes(end.join([b"a b", b"", b"c"] * 20) + end)
        sources[name] = load(CorpusConfig(source=str(tmp_path / name))).sha256
    assert len(set(sources.values())) == 1


def test_a_pipe_in_place_of_a_text_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match="not a regular file"):
        load(CorpusConfig(source=str(tmp_path / "pipe")))


def test_built_in_corpus_counts() -> None:
    if sys.version_info[:3] != (3, 11, 7):
        pytest.skip("the documentation that CPython ships differs between versions; counted on 3.11.7")
    corpus = load(CorpusConfig())
    parts = [corpus.train, corpus.valid, corpus.test]
    assert [len(part) for part in parts] == [61_634, 7_395, 9_045]
    assert corpus.sha256 == "25a368e998d4281bd5e2ba2a20849c108bbafb004897b62a0506e48b45676150"


@pytest.mark.parametrize(
    ("name", "tokens", "types"),
    [
        ("ptb", (929_589, 73_760, 82_430), 10_000),
        ("wikitext-2", (2_088_628, 217_646, 245_569), 33_278),
    ],
)
def test_published_counts(name: str, tokens: tuple[int, ...], types: int) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f"the corpus {name} is not beside this checkout")
    corpus = load(CorpusConfig(source=str(SHARED / name)))
    assert (len(corpus.train), len(corpus.valid), len(corpus.test)) == tokens
    assert len(corpus.vocabulary) == types


def test_hash_sees_a_changed_word(tmp_path: Path) -> None:
    source = _folder(tmp_path, train="a b a\n", valid="a\n", test="b\n")
    first = load(CorpusConfig(source=source)).sha256
    (tmp_path / "test.txt").write_text("a\n")
    load.cache_clear()
    assert load(CorpusConfig(source=source)).sha256 != first


def test_columns_are_contiguous_pieces() -> None:
    text = columns(torch.arange(11), 2)
    assert text.t().tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_windows_cover_every_target_once_in_order() -> None:
    text = columns(torch.arange(22), 2)
    pairs = list(windows(text, 4))
    assert [len(inputs) for inputs, _ in pairs] == [4, 4, 2]
    targets = torch.cat([target for _, target in pairs])
    assert torch.equal(targets, text[1:])
    assert all(torch.equal(inputs + 1, target) for inputs, target in pairs)


def test_unigram_perplexity_by_hand(tmp_path: Path) -> None:
    corpus = load(CorpusConfig(source=_folder(tmp_path, train="a a a\n", valid="a\n", test="a\n")))
    # counts + 1: a 4, <eos> 2, of 6
    expected = math.exp(-(math.log(4 / 6) + math.log(2 / 6)) / 2)
    assert unigram_perplexity(corpus) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b" \n\n", "empty"), (b"a\0b", "zero bytes"), (b"caf\xe9 noir\n", "UTF-8")],
)
def test_unreadable_parts_say_what_is_wrong(tmp_path: Path, content: bytes, says: str) -> None:
    _folder(tmp_path, train="a\n", test="a\n")
    (tmp_path / "valid.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=says):
        load(CorpusConfig(source=str(tmp_path)))


def test_missing_part_and_missing_source_are_named(tmp_path: Path) -> None:
    _folder(tmp_path, train="a\n", test="a\n")
    with pytest.raises(CorpusError, match=r"lacks valid\.txt"):
        load(CorpusConfig(source=str(tmp_path)))
    with pytest.raises(CorpusError, match="there is no corpus"):
        load(CorpusConfig(source=str(tmp_path / "nowhere")))


def test_too_short_for_its_batch() -> None:
    with pytest.raises(CorpusError, match="too few for a batch of 20"):
        columns(torch.arange(30), 20, part="the validation part")


def test_evaluation_is_limited_apart_from_training() -> None:
    whole = load(CorpusConfig(max_train_tokens=2000))
    kept = load(CorpusConfig(max_train_tokens=2000, max_evaluation_tokens=300))
    assert torch.equal(kept.train, whole.train)
    assert (len(kept.valid), len(kept.test)) == (300, 300)
    assert [kept.vocabulary.types[n] for n in kept.valid] == [
        whole.vocabulary.types[n] for n in whole.valid[:300]
    ]
    assert kept.sha256 != whole.sha256
