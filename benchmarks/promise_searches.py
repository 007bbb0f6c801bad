"""The thirteen searches of the table in docs/results.md: eight small ones, two tasks, and three more."""

from dataclasses import dataclass
from pathlib import Path

from hyperprune.search import SearchConfig, configure, for_task

EXAMPLES = Path(__file__).parents[1] / "examples"
PTB, WIKITEXT = "ptb", "wikitext-2"

SEEDS = (1, 2, 3)
LOW = 0.10  # the density at which all are searched once more


@dataclass(frozen=True)
class Listed:
    """One search of the table.

    Attributes:
        name: of its rows and records.
        corpus: the text that must be given, ptb or wikitext-2; none for one that needs nothing.
        task: an included task.
        file: a configuration beside the presets.
        repeated: whether the table has it from three seeds.
    """

    name: str
    corpus: str | None = None
    task: bool = False
    file: bool = False
    repeated: bool = False

    def config(
        self, *, density: float | None = None, seed: int = 1, corpora: dict[str, str] | None = None
    ) -> SearchConfig:
        """The search with all yardsticks.

        Args:
            density: live share of the prunable weights; none for its own.
            seed: the root seed.
            corpora: folders of texts by the name of the text; none to name the text alone.
        """
        values = {"seed": seed, "search.controls": True}
        if density is not None:
            values |= {"sparsity": round(1 - density, 6)}
        if self.corpus is not None and corpora is not None:
            values |= {"corpus.source": corpora[self.corpus]}
        if self.task:
            return for_task(self.name, values)
        if self.file:
            return configure(None, EXAMPLES / f"{self.name}.toml", values)
        return configure(self.name, None, values)


SEARCHES = (
    Listed("ptb-lstm-small", PTB, repeated=True),
    Listed("ptb-gru-small", PTB, repeated=True),
    Listed("ptb-rnn-small", PTB, repeated=True),
    Listed("ptb-awd-lstm-small", PTB),
    Listed("ptb-rhn-small", PTB),
    Listed("ptb-on-lstm-small", PTB),
    Listed("wt2-mos-small", WIKITEXT),
    Listed("python-docs-characters", repeated=True),
    Listed("digits", task=True, repeated=True),
    Listed("co2", task=True, repeated=True),
    Listed("demo", repeated=True),
    Listed("ptb-200", PTB, file=True),
    Listed("report", file=True),
)


@dataclass(frozen=True)
class Piece:
    """One search at one density from one seed: what one record is of.

    Attributes:
        search: which.
        seed: the root seed.
        density: none for the search's own.
    """

    search: Listed
    seed: int
    density: float | None = None

    def config(self, corpora: dict[str, str] | None = None) -> SearchConfig:
        """What is searched."""
        return self.search.config(density=self.density, seed=self.seed, corpora=corpora)

    @property
    def name(self) -> str:
        """Of its record and its run folder."""
        return f"{self.search.name}-{self.config().density:.2f}-{self.seed}"


def pieces(names: list[str] | None, seeds: list[int] | None, density: float | None) -> list[Piece]:
    """What a call is to search, in order: first all of them once.

    Args:
        names: of some searches; none for all.
        seeds: none for those that the table has.
        density: none for those that the table has: each search's own, and 0.10 from one seed.
    """
    listed = [one for one in SEARCHES if names is None or one.name in names]
    found = []
    for seed in seeds or SEEDS:
        wanted = [one for one in listed if seeds is not None or seed == SEEDS[0] or one.repeated]
        found += [Piece(one, seed, density) for one in wanted]
        if density is None and seed == (seeds or SEEDS)[0]:
            found += [Piece(one, seed, LOW) for one in wanted]
    return found
