"""Help texts, which Typer reads as Rich's markup: words in brackets would be lost in them."""

import inspect


def escaped(text: str) -> str:
    """A text whose brackets are shown as they are."""
    return text.replace("[", "\\[")


def prose(command: object) -> str:
    """What a command's docstring says, each paragraph in one line so that the terminal breaks it."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return escaped("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))
