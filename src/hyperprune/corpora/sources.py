"""Where the three parts of a corpus come from: a folder, one text file, or the built-in documentation."""

from dataclasses import dataclass
from pathlib import Path
from pydoc_data import topics

from hyperprune.corpora.datasets import DATASETS, located
from hyperprune.corpora.tokens import Level, check_words, source_tokens, tokenise
from hyperprune.errors import CorpusError

BUILT_IN = "python-docs"
PARTS = ("train", "valid", "test")
_SHARES = (0.8, 0.9)


@dataclass(frozen=True)
class Parts:
    """Tokens of the three parts, before any vocabulary."""

    train: list[str]
    valid: list[str]
    test: list[str]


def read(source: str, level: Level) -> Parts:
    """Tokens of ``source``: ``python-docs``, a folder with three files, or one text file.

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
    if path.is_file():
        return _split(_tokens(path, level))
    raise CorpusError(
        f"there is no corpus {source!r}: give a folder with train.txt, valid.txt and test.txt, "
        f"a text file, {BUILT_IN}, or what hyperprune data get fetches: {', '.join(DATASETS)}"
    )


def folder(path: Path, level: Level) -> Parts:
    """The parts of a folder that holds train.txt, valid.txt and test.txt."""
    missing = [f"{part}.txt" for part in PARTS if not (path / f"{part}.txt").is_file()]
    if missing:
        raise CorpusError(
            f"the corpus folder {path} lacks {' and '.join(missing)}: add it, or give one text file, "
            "which is split 80/10/10"
        )
    return Parts(*(_tokens(path / f"{part}.txt", level) for part in PARTS))


def python_docs(level: Level) -> Parts:
    """The Python language reference that CPython ships for ``help()``, split by position.

    It differs between Python versions, so a run's configuration holds its hash.
    """
    text = "\n".join(topics.topics[name] for name in sorted(topics.topics))
    return _split(source_tokens(text) if level == "word" else tokenise(text.lower(), level))


def _split(tokens: list[str]) -> Parts:
    """Cut 80/10/10 by position."""
    first, second = (int(share * len(tokens)) for share in _SHARES)
    return Parts(tokens[:first], tokens[first:second], tokens[second:])


def _path(source: str) -> Path:
    """The path that ``source`` stands for; an impossible one is a path that does not exist."""
    try:
        path = Path(source).expanduser()
        path.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise CorpusError(f"{source!r} is no path ({error}): give a folder or a text file") from None
    return path


def _tokens(path: Path, level: Level) -> list[str]:
    tokens = tokenise(_text(path), level)
    if level == "word":
        check_words(tokens, str(path))
    return tokens


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
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
    return text.replace("\r\n", "\n")
