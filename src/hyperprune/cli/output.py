"""What commands print for machines."""

import json
from typing import Any

import typer


def print_json(value: Any) -> None:
    """One JSON document on the standard output, keys sorted; nothing else goes there with --json."""
    typer.echo(json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False))
