"""Results for the terminal."""

from rich.table import Table

from hyperprune.cli.screen import plain_table
from hyperprune.reports import headings, network_rows
from hyperprune.search import SearchResult, Timings


def networks_table(result: SearchResult, timings: Timings | None) -> Table:
    """Dense, selected and runners-up."""
    table = plain_table("Dense, selected, runners-up and yardsticks")
    for number, heading in enumerate(headings(result.score)):
        table.add_column(heading, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in network_rows(result, timings):
        table.add_row(*row, style="bold" if row[0].startswith("selected") else None)
    return table
