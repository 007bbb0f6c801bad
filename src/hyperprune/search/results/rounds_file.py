"""rounds.json: every ranking of a search, stored when it is made, so that reports only read."""

import logging
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from hyperprune import files
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.round_result import RoundResult

NAME = "rounds.json"
SCHEMA = 1

logger = logging.getLogger(__name__)


class StoredRounds(BaseModel):
    """The content of rounds.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA
    search: str = Field(description="Digest of the configuration that these rankings are of.")
    rounds: tuple[RoundResult, ...]


def store_rounds(folder: RunFolder, digest: str, rounds: Sequence[RoundResult]) -> None:
    """Store the rankings made so far; those of a search that is resumed are there already."""
    known = stored_rounds(folder, digest)
    if known[: len(rounds)] != tuple(rounds):
        stored = StoredRounds(search=digest, rounds=tuple(rounds))
        files.write_json(folder.path / NAME, files.sealed(stored.model_dump(mode="json")))


def stored_rounds(folder: RunFolder, digest: str) -> tuple[RoundResult, ...]:
    """The rankings of a search; None where there is no file, or one of another configuration or version."""
    path = folder.path / NAME
    try:
        stored = StoredRounds.model_validate(files.unsealed(files.read_json(path)))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be read (%s): it is written anew", path, str(error).splitlines()[0])
        return ()
    is_ours = stored.schema_version == SCHEMA and stored.search == digest
    return stored.rounds if is_ours else ()
