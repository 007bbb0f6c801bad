"""What is known of a publication."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """One publication.

    Attributes:
        key: short name, as in a BibTeX file.
        authors: as printed in a list of references.
        title: full title.
        venue: journal or conference.
        year: year of publication.
        url: where it can be read.
    """

    key: str
    authors: str
    title: str
    venue: str
    year: int
    url: str

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}). {self.title}. {self.venue}. {self.url}"
