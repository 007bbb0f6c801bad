"""How long a search took, kept apart from its result because no two runs agree on it."""

import json

from pydantic import BaseModel, ConfigDict, Field

from hyperprune import files
from hyperprune.search.run_folder import RunFolder


class Timings(BaseModel):
    """Seconds of training, evaluation, spectra and checkpoints; added up over interruptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dense: float = Field(description="The dense reference.")
    candidates: dict[int, float] = Field(description="Each candidate that was trained.")

    @property
    def search(self) -> float:
        """All candidates together."""
        return sum(self.candidates.values())


def save_timings(folder: RunFolder, candidates: list[int]) -> None:
    """Write timings.json from what the jobs noted."""
    timings = Timings(
        dense=sum(folder.dense.seconds().values()),
        candidates={n: total for n in candidates if (total := sum(folder.candidate(n).seconds().values()))},
    )
    files.write_json(folder.path / "timings.json", timings.model_dump(mode="json"))


def load_timings(folder: RunFolder) -> Timings | None:
    """What timings.json holds, if it is there."""
    try:
        return Timings.model_validate(json.loads((folder.path / "timings.json").read_bytes()))
    except (FileNotFoundError, ValueError):
        return None
