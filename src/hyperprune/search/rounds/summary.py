"""The result of a search from its records, once all training is done; the test part is read here alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from hyperprune.search.config.families import DENSE
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.control_result import ControlResult
from hyperprune.search.results.final_network import FinalNetwork, curve
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.result import (
    CandidateResult,
    CostResult,
    DenseResult,
    FamilyCost,
    GivenResult,
    InitialResult,
    SearchResult,
    SeedResult,
    Standing,
)
from hyperprune.search.results.round_result import RoundResult
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.controls import Control
from hyperprune.search.rounds.jobs import Trainer
from hyperprune.search.rounds.verdicts import verdict_on
from hyperprune.tasks import Score
from hyperprune.training import History, JobFolder
from hyperprune.training.itemised import Itemised
from hyperprune.training.stored import checkpoint
from hyperprune.training.trained import Naive


def selected(candidates: list[Candidate], last: list[int]) -> Candidate | None:
    """The better finalist by its best validation epoch; None if all failed.

    Args:
        candidates: in order of number.
        last: numbers of those that were trained to the full budget.
    """
    finalists = [c for c in candidates if c.number in last and not c.failed]
    return min(finalists, key=lambda c: (c.best_loss, c.number), default=None)


def summarise(
    config: SearchConfig,
    folder: RunFolder,
    trainer: Trainer,
    dense: History,
    candidates: list[Candidate],
    rounds: list[RoundResult],
    last: list[int],
    controls: Sequence[Control] = (),
) -> SearchResult:
    """Read the test part once, when all is selected and trained.

    Args:
        config: the search.
        folder: its folder.
        trainer: measures.
        dense: the dense reference, trained to the full budget.
        candidates: in order of number.
        rounds: the rankings.
        last: numbers of the candidates that were trained to the full budget.
        controls: what the selected one is compared with beside the dense reference.
    """
    finalists = [c for c in candidates if c.number in last and not c.failed]
    best = selected(candidates, last)
    score, without = config.described.judged_by, config.described.naive()
    tested = _tested(config, folder, trainer, dense, finalists, controls)
    verdict = None
    if best is not None:
        verdict = verdict_on(config, trainer, dense, best, tested.dense_items, tested.items_of[best.number])

    def result_of(candidate: Candidate) -> CandidateResult:
        standing = _standing(candidate, best, finalists)
        return _candidate(config, trainer, candidate, standing, tested.of_candidate.get(candidate.number, []))

    return SearchResult(
        metric=config.search.metric,
        plan=config.search.plan,
        score=score,
        naive=None if without is None else Naive(name=without[0], valid_score=without[1]),
        selected=None if best is None else best.number,
        verdict=verdict,
        dense=_dense(config, dense, tested.dense, score),
        candidates=tuple(result_of(candidate) for candidate in candidates),
        rounds=tuple(rounds),
        controls=tuple(
            ControlResult(
                name=control.name,
                failure=None if control.history.failure is None else control.history.failure.reason,
                curve=curve(control.history.epochs, [], score),
                final=tested.of_control.get(control.name),
            )
            for control in controls
        ),
        cost=_cost(config, trainer, folder, dense, candidates, controls),
    )


@dataclass(frozen=True)
class _Tested:
    """What the test part said, read once.

    Attributes:
        dense: the dense reference.
        of_candidate: each finalist's networks, one a seed, by its number.
        of_control: the yardsticks that did not fail, by name.
        dense_items: losses of the dense reference, item by item.
        items_of: those of each finalist's networks from its first seed on, and of all that were read later.
    """

    dense: FinalNetwork
    of_candidate: dict[int, list[FinalNetwork]]
    of_control: dict[str, FinalNetwork]
    dense_items: Itemised
    items_of: dict[int, list[Itemised]]


def _tested(
    config: SearchConfig,
    folder: RunFolder,
    trainer: Trainer,
    dense: History,
    finalists: list[Candidate],
    controls: Sequence[Control],
) -> _Tested:
    """Read the test part for the dense reference, the finalists and the yardsticks, in this order."""
    seeds, score = range(config.search.seeds), config.described.judged_by
    kept = [control for control in controls if control.history.failure is None]
    networks = [(folder.dense, dense)]
    networks += [(folder.candidate(c.number, seed), c.histories[seed]) for c in finalists for seed in seeds]
    networks += [(control.folder, control.history) for control in kept]
    read = trainer.tested((job, _best_epoch(history)) for job, history in networks)
    final_dense, *finals = [
        _final(folder, job, history, one.loss, score)
        for (job, history), one in zip(networks, read, strict=True)
    ]
    first = {c.number: place * len(seeds) for place, c in enumerate(finalists)}
    return _Tested(
        dense=final_dense,
        of_candidate={number: finals[place:][: len(seeds)] for number, place in first.items()},
        of_control=dict(
            zip((control.name for control in kept), finals[len(finals) - len(kept) :], strict=True)
        ),
        dense_items=read[0],
        items_of={number: read[1 + place :] for number, place in first.items()},
    )


def _candidate(
    config: SearchConfig,
    trainer: Trainer,
    candidate: Candidate,
    standing: Standing,
    finals: list[FinalNetwork],
) -> CandidateResult:
    """All that the result says of a candidate."""
    score = config.described.judged_by
    return CandidateResult(
        number=candidate.number,
        family=trainer.family_of(candidate.number).name if DENSE in config.families else None,
        variant=candidate.choice.variant.canonical().to_dict(),
        method=candidate.choice.method,
        overrides=candidate.choice.overrides,
        standing=standing,
        duplicate_of=candidate.duplicate_of,
        failure=candidate.failure,
        suggested_by=_suggested_by(trainer, candidate),
        pool_metric=candidate.pool_metric,
        pool_spread=candidate.pool_spread,
        rounds=candidate.rounds,
        initial=_initial(trainer, candidate, score),
        curve=curve(candidate.history.epochs, trainer.distances(_owner(candidate), candidate.history), score),
        final=_best(finals, score),
        seeds=_seeds(trainer, candidate, finals, score),
    )


def _best(finals: list[FinalNetwork], score: Score) -> FinalNetwork | None:
    return min(finals, key=lambda final: score.signed(final.valid_score), default=None)


def _seeds(
    trainer: Trainer, candidate: Candidate, finals: list[FinalNetwork], score: Score
) -> tuple[SeedResult, ...]:
    """Each training of a candidate, where there are several."""
    if len(candidate.histories) == 1:
        return ()
    return tuple(
        SeedResult(
            seed=seed,
            curve=curve(history.epochs, trainer.distances(_owner(candidate), history, seed), score),
            final=finals[seed] if finals else None,
        )
        for seed, history in enumerate(candidate.histories)
    )


def _initial(trainer: Trainer, candidate: Candidate, score: Score) -> InitialResult | None:
    initial = candidate.history.initial
    if initial is None:
        return None
    return InitialResult(
        valid_score=score.shown(initial.valid_loss),
        ls_distance=trainer.initial_distance(_owner(candidate), candidate.history),
    )


def _owner(candidate: Candidate) -> int:
    """The candidate whose folder holds the spectra."""
    return candidate.number if candidate.duplicate_of is None else candidate.duplicate_of


def _standing(candidate: Candidate, selected: Candidate | None, finalists: list[Candidate]) -> Standing:
    if candidate.duplicate_of is not None:
        return "duplicate"
    if candidate is selected:
        return "selected"
    if candidate in finalists:
        return "finalist"
    return "failed" if candidate.failed else "eliminated"


def _final(
    folder: RunFolder, job: JobFolder, history: History, test_loss: float, score: Score
) -> FinalNetwork:
    weights = checkpoint.path(job.path, _best_epoch(history))
    best = history.best if history.epochs else None
    pruned = history.initial if history.initial is not None and history.initial.live is not None else None
    return FinalNetwork(
        best_epoch=_best_epoch(history),
        valid_score=score.shown(best.valid_loss if best else history.valid_loss),
        test_score=score.shown(test_loss),
        live=best.live if best else (pruned and pruned.live) or checkpoint.weights_in(weights),
        density=best.density if best else (pruned and pruned.density) or 1.0,
        averaging=best is not None and best.averaging,
        weights=str(weights.relative_to(folder.path)),
        weights_sha256=checkpoint.read_document(weights)["sha256"],
    )


def _best_epoch(history: History) -> int:
    """The epoch that counts; 0 of a network that was given."""
    return history.best.epoch if history.epochs else 0


def _dense(config: SearchConfig, history: History, final: FinalNetwork, score: Score) -> DenseResult:
    known = curve(history.epochs, [], score)
    if config.reference is None:
        return DenseResult(curve=known, final=final)
    return DenseResult(
        curve=known,
        final=final,
        reference=GivenResult(start=config.reference.start, sha256=config.reference.sha256),
    )


def _suggested_by(trainer: Trainer, candidate: Candidate) -> str | None:
    """The ranking under which it was suggested, where that is not the result's."""
    told = trainer.family_of(candidate.number).pool.told
    return None if candidate.suggested_by == told else candidate.suggested_by


def _cost(
    config: SearchConfig,
    trainer: Trainer,
    folder: RunFolder,
    dense: History,
    candidates: list[Candidate],
    controls: Sequence[Control],
) -> CostResult:
    distinct = [candidate for candidate in candidates if candidate.duplicate_of is None]
    further = sum(len(folder.dense_of(n).history().epochs) for n in range(1, config.search.seeds))
    of_dense = len(dense.epochs) + further
    families: dict[str, FamilyCost] = {}
    exhaustive = 0
    for family in trainer.families:
        own = [c for c in distinct if trainer.family_of(c.number) is family]
        epochs = sum(len(history.epochs) for candidate in own for history in candidate.histories)
        charged = epochs + of_dense * family.uses_dense
        families[family.name] = FamilyCost(candidates=len(own), search=epochs, charged=charged)
        exhaustive += len(own) * config.search.seeds * family.recipe.epochs
    spent = sum(family.search for family in families.values())
    return CostResult(
        search=spent,
        with_dense=spent + of_dense,
        controls=sum(len(control.history.epochs) for control in controls),
        exhaustive=exhaustive,
        families=families if DENSE in config.families else {},
    )
