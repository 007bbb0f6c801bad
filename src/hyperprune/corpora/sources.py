"""Where the three parts of a corpus come from: a folder, text files, or the built-in documentation."""

import glob
from dataclasses import dataclass
from pathlib import Path

from hyperprune import files
from hyperprune.corpora.datasets import DATASETS, located
from hyperprune.corpora.python_docs import sections
from hyperprune.corpora.tokens import Level, check_words, source_tokens, tokenise
from hyperprune.errors import CorpusError
from hyperprune.spelling import suggestion

BUILT_IN = "python-docs"
PARTS = ("train", "valid", "test")
_SHARES = (0.8, 0.9)
_FILES_TO_SPLIT = 10  # fewer are cut by position
_BY_POSITION = "split 80/10/10 by position"


@dataclass(frozen=True)
class Parts:
    """Tokens of the three parts, before any vocabulary.

    Attributes:
        train: of the training part; ``valid`` and ``test`` likewise.
        split: how the parts were told apart, in words.
    """

    train: list[str]
    valid: list[str]
    test: list[str]
    split: str


def read(source: str, level: Level) -> Parts:
    """Tokens of ``source``: ``python-docs``, a folder, one text file, or a pattern that names several.

    Raises:
        CorpusError: there is no such source, a part is missing or empty, or the text is not UTF-8.
    """
    if source == BUILT_IN:
        return python_docs(level)
    if source in DATASETS:
        return folder(located(source), level)
    path = _path(source)
    if path.is_dir():
        return folder(path, level)
    if path.exists():
        return _by_position(_tokens(path, level), _BY_POSITION)
    if is_pattern(source):
        return _of_files(matching(source), source, level)
    raise CorpusError(
        f"there is no corpus {source!r}: give a folder with train.txt, valid.txt and test.txt or with text "
        f"files, a text file, {BUILT_IN}, or what hyperprune data get fetches: "
        f"{', '.join(DATASETS)}{suggestion(source, [BUILT_IN, *DATASETS, *_beside(path)])}"
    )


def is_pattern(source: str) -> bool:
    """Whether a source has the signs of a pattern, such as ``books/*.txt``."""
    return glob.has_magic(source)


def matching(pattern: str) -> list[Path]:
    """The files that a pattern names, in order of their names; ``**`` stands for any folders."""
    return sorted(
        Path(name) for name in glob.glob(str(_path(pattern)), recursive=True) if Path(name).is_file()
    )


def folder(path: Path, level: Level) -> Parts:
    """The parts of a folder: train.txt, valid.txt and test.txt, or all its text files together."""
    missing = [f"{part}.txt" for part in PARTS if not (path / f"{part}.txt").is_file()]
    if not missing:
        train, valid, test = (_tokens(path / f"{part}.txt", level) for part in PARTS)
        return Parts(train, valid, test, split="as its three files say")
    texts = matching(f"{glob.escape(str(path))}/*.txt")
    if texts and len(missing) == len(PARTS):
        return _of_files(texts, str(path), level)
    raise CorpusError(
        f"the corpus folder {path} lacks {' and '.join(missing)}: add it, or give one text file, "
        "which is split 80/10/10, or a folder of text files with other names"
    )


def python_docs(level: Level) -> Parts:
    """The Python language reference that CPython ships for ``help()``, split by topic.

    It differs between Python versions, so a run's configuration holds its hash.
    """
    texts = [source_tokens(text) if level == "word" else tokenise(text.lower(), level) for text in sections()]
    train, valid, test, said = _kept_whole(texts)
    return Parts(
        train, valid, test, f"{len(texts)} topics without repeated paragraphs, {said} by their names"
    )


def _of_files(paths: list[Path], source: str, level: Level) -> Parts:
    """Ten files or more are kept whole, in order of their names; fewer are joined and cut by position.

    Where a part would have no file at all, the tokens are cut instead.
    """
    if not paths:
        raise CorpusError(f"no file is called like {source}: give a pattern such as books/*.txt, in quotes")
    train, valid, test, said = _kept_whole([_tokens(path, level) for path in paths])
    if len(paths) >= _FILES_TO_SPLIT and valid and test and train:
        return Parts(train, valid, test, f"{len(paths)} files, {said} of them by their names")
    return _by_position([*train, *valid, *test], f"{len(paths)} files, joined and {_BY_POSITION}")


def _kept_whole(texts: list[list[str]]) -> tuple[list[str], list[str], list[str], str]:
    """The three parts made of whole texts, and how many each has.

    A text belongs to the part that its middle lies in when all are laid end to end, so the parts have about
    80, 10 and 10 % of the tokens.
    """
    total = sum(map(len, texts))
    rows: tuple[list[str], list[str], list[str]] = ([], [], [])
    counts, before = [0, 0, 0], 0
    for text in texts:
        part = sum((before + len(text) / 2) / total >= share for share in _SHARES)
        rows[part].extend(text)
        counts[part] += 1
        before += len(text)
    return (*rows, "/".join(map(str, counts)))


def _by_position(tokens: list[str], split: str) -> Parts:
    """Cut 80/10/10 by position."""
    first, second = (int(share * len(tokens)) for share in _SHARES)
    return Parts(tokens[:first], tokens[first:second], tokens[second:], split)


def _path(source: str) -> Path:
    """The path that ``source`` stands for; an impossible one is a path that does not exist."""
    try:
        path = Path(source).expanduser()
        path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise CorpusError(f"{source!r} is not a valid path ({error}): give a folder or a text file") from None
    return path


def _beside(path: Path) -> list[str]:
    """What lies where a path should have been, as paths."""
    try:
        return [str(path.with_name(entry.name)) for entry in path.parent.iterdir()]
    except (OSError, ValueError):
        return []


def _tokens(path: Path, level: Level) -> list[str]:
    tokens = tokenise(_text(path), level)
    if level == "word":
        check_words(tokens, str(path))
    return tokens


def _text(path: Path) -> str:
    try:
        data = files.read_bytes(path)
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}; make it readable or give another") from None
    if b"\0" in data:
        raise CorpusError(f"{path} is not a text file (it holds zero bytes): give plain UTF-8 text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path} is not UTF-8 (byte {error.start} cannot be read): convert it, "
            f"for instance with iconv -f latin1 -t utf-8"
        ) from None
    if not text.strip():
        raise CorpusError(f"{path} is empty: put text into it, or give another corpus")
    return text.replace("\r\n", "\n").replace("\r", "\n")
