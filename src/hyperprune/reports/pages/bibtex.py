"""Papers as entries that LaTeX can cite."""

from hyperprune.sparsity import Paper


def bibtex(paper: Paper) -> str:
    """A paper as a BibTeX entry."""
    fields = {
        "author": " and ".join(_people(paper.authors)),
        "title": f"{{{paper.title}}}",
        "howpublished": paper.venue,
        "year": str(paper.year),
        "url": paper.url,
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{paper.key},\n{lines}}}"


def _people(authors: str) -> list[str]:
    """Each ``Family, Initials`` of a list in which commas part both people and their names."""
    parts = [part.strip() for part in authors.split(",")]
    return [", ".join(parts[i : i + 2]) for i in range(0, len(parts), 2)]
