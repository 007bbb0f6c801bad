"""The Python language reference that CPython ships for ``help()``, without what it says twice.

Its topics overlap: whole sections stand in several of them, and tables are drawn with rules of hundreds of
single signs. Cut by position, two of five sequences of ten words of the last tenth occurred in the first
eight. So a paragraph counts where it stands first, rules count nowhere, and topics stay whole.
"""

import re
from collections.abc import Iterator
from pydoc_data import topics

_RULE = re.compile(r"""[-+=|*~^"#.`' ]{4,}""")  # of a table, or below a heading


def sections() -> Iterator[str]:
    """The topics in order of their names, each without rules and without paragraphs of earlier ones."""
    seen: set[str] = set()
    for name in sorted(topics.topics):
        kept = []
        for paragraph in topics.topics[name].split("\n\n"):
            lines = [line for line in paragraph.split("\n") if not _RULE.fullmatch(line)]
            words = " ".join(" ".join(lines).split())
            if words and words not in seen:
                seen.add(words)
                kept.append("\n".join(lines).strip("\n"))
        if kept:
            yield "\n\n".join(kept) + "\n"
