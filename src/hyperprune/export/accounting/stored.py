"""What an exported folder holds, written into it where its weights can no longer be read back."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hyperprune import files
from hyperprune.errors import ExportError
from hyperprune.export.accounting.counting import Counted, Row

ACCOUNT = "account.json"
SCHEMA = 1
_LARGEST = 2**20  # bytes


class StoredRow(BaseModel):
    """One matrix, or one gate of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    matrix: str = Field(max_length=200)
    gate: str = Field(max_length=200)
    live: int = Field(ge=0)
    weights: int = Field(ge=1)


class StoredAccount(BaseModel):
    """The account of an exported network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA
    format: Literal["c", "onnx"]
    bytes: int = Field(ge=0, description="Of the weights as the folder has them.")
    rows: tuple[StoredRow, ...]
    live: int = Field(ge=0)
    weights: int = Field(ge=0)
    multiply_adds: int = Field(ge=0)
    dense_multiply_adds: int = Field(ge=0)

    @property
    def counts(self) -> Counted:
        """What was counted."""
        rows = tuple(Row(row.matrix, row.gate, row.live, row.weights) for row in self.rows)
        return Counted(rows, self.live, self.weights, self.multiply_adds, self.dense_multiply_adds)


def write_account(folder: Path, format: Literal["c", "onnx"], size: int, counts: Counted) -> None:
    """Write what a folder holds.

    Args:
        folder: of the export.
        format: of the export.
        size: bytes of its weights.
        counts: of the network that was exported.
    """
    rows = [{"matrix": r.matrix, "gate": r.gate, "live": r.live, "weights": r.weights} for r in counts.rows]
    account = StoredAccount.model_validate(
        {
            "format": format,
            "bytes": size,
            "rows": rows,
            "live": counts.live,
            "weights": counts.weights,
            "multiply_adds": counts.multiply_adds,
            "dense_multiply_adds": counts.dense_multiply_adds,
        }
    )
    files.write_json(folder / ACCOUNT, account.model_dump(mode="json"))


def read_account(folder: Path) -> StoredAccount:
    """What a folder holds.

    Raises:
        ExportError: it is damaged or of another version.
    """
    path = folder / ACCOUNT
    if path.stat().st_size > _LARGEST:
        raise ExportError(f"{path} has more than {_LARGEST:,} bytes: it is no account of a network")
    try:
        document = json.loads(path.read_bytes())
        found = document.get("schema_version") if isinstance(document, dict) else None
        remedy = "use the version of hyperprune that wrote it"
        if found != SCHEMA:
            raise ExportError(f"{path} has schema_version {found!r:.20}, this reads {SCHEMA}: {remedy}")
        return StoredAccount.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise ExportError(f"{path} is damaged: {place}: {first['msg']}; copy the folder again") from None
    except (ValueError, RecursionError):
        raise ExportError(f"{path} is damaged: it is no JSON document; copy the folder again") from None
