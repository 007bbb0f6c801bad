"""How long a search took, kept apart from its result because no two runs agree on it."""

from collections.abc import Callable, Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from hyperprune import files
from hyperprune.search.results.folder import RunFolder
from hyperprune.training import JobFolder


class Timings(BaseModel):
    """Seconds of training, evaluation, spectra and checkpoints; added up over interruptions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    dense: float = Field(description="The dense reference.")
    candidates: dict[int, float] = Field(description="Each candidate that was trained.")

    controls: dict[str, float] = Field({}, description="Each network that the selected one is compared with.")

    @property
    def search(self) -> float:
        """All candidates together."""
        return sum(self.candidates.values())


def save_timings(
    folder: RunFolder, candidates: list[int], seeds: int = 1, controls: Sequence[str] = ()
) -> None:
    """Write timings.json from what the jobs noted."""

    def total(job_of: Callable[[int], JobFolder]) -> float:
        return sum(sum(job_of(seed).seconds().values()) for seed in range(seeds))

    each = {number: total(partial(folder.candidate, number)) for number in candidates}
    timings = Timings(
        dense=total(folder.dense_of),
        candidates={number: spent for number, spent in each.items() if spent},
        controls={name: sum(folder.control(name).seconds().values()) for name in controls},
    )
    files.write_json(folder.path / "timings.json", timings.model_dump(mode="json"))


def load_timings(folder: RunFolder) -> Timings | None:
    """What timings.json holds, if it is there and whole: it only informs, and stops nothing."""
    try:
        return Timings.model_validate(files.read_json(folder.path / "timings.json"))
    except (OSError, ValueError):
        return None
