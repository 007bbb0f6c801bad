"""Warnings of the library as the commands show them."""

import logging

from hyperprune.printable import printable


class PrintableFormatter(logging.Formatter):
    """As its base, and no name that a warning quotes steers the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return printable(super().format(record))
