"""Where the three parts of a corpus come from: a folder, one text file, or the built-in documentation."""

from dataclasses import dataclass
from pathlib import Path
from pydoc_data import topics

from hyperprune.corpora.tokens import Level, source_tokens, tokenise
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
    path = Path(source).expanduser()
    if path.is_dir():
        return folder(path, level)
    if path.is_file():
        return _split(tokenise(_text(path), level))
    raise CorpusError(
        f"there is no corpus {source!r}: give a folder with train.txt, valid.txt and test.txt, "
        f"a text file, or {BUILT_IN}"
    )


def folder(path: Path, level: Level) -> Parts:
    """The parts of a folder that holds train.txt, valid.txt and test.txt."""
    missing = [f"{part}.txt" for part in PARTS if not (path / f"{part}.txt").is_file()]
    if missing:
        raise CorpusError(
            f"the corpus folder {path} lacks {' and '.join(missing)}: add it, or give one text file, "
            "which is split 80/10/10"
        )
    return Parts(*(tokenise(_text(path / f"{part}.txt"), level) for part in PARTS))


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


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}") from None
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
        raise CorpusError(f"{path} is empty: a corpus part needs text")
    return text.replace("\r\n", "\n")
