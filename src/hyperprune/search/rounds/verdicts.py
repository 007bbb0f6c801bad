"""The verdict of a search, from its records and what its networks did on the test part."""

from collections.abc import Sequence
from dataclasses import replace

from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.jobs import Trainer
from hyperprune.search.space.choice import Choice
from hyperprune.seeding import derive
from hyperprune.training import History
from hyperprune.training.itemised import Itemised
from hyperprune.training.verdict.judge import Learned, judged, not_learned
from hyperprune.training.verdict.verdict import Verdict


def verdict_on(
    config: SearchConfig,
    trainer: Trainer,
    dense: History,
    selected: Candidate,
    tested_dense: Itemised,
    tested_selected: Sequence[Itemised],
) -> Verdict:
    """The selected network, that of its best seed, against the dense one.

    Args:
        config: the search.
        trainer: measures both before their first step.
        dense: the dense reference.
        selected: the candidate.
        tested_dense: the dense reference on the test part.
        tested_selected: each training of the candidate likewise.
    """
    score, tolerance = config.described.judged_by, config.search.tolerance
    bests = [history.best.valid_loss for history in selected.histories]
    seed = bests.index(min(bests))
    name = f"candidate {selected.number}"
    asked: list[tuple[int, Choice, int] | None] = [(selected.number, selected.choice, seed)]
    networks = [Learned(name, bests[seed], 0.0, given=trainer.starts_trained(selected.number))]
    if dense.epochs:  # one that was given has no start of ours
        asked.insert(0, None)
        networks.insert(0, Learned("the dense network", dense.best.valid_loss, 0.0))
    starts = trainer.start_losses(asked)
    networks = [replace(network, start=start) for network, start in zip(networks, starts, strict=True)]
    reason = not_learned(score, networks, config.described.naive(), tolerance)
    return judged(
        score, tested_dense, tested_selected[seed], tolerance, derive(config.seed, "verdict"), reason
    )
