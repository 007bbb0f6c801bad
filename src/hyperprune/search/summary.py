"""The result of a search from its records, once all training is done; the test part is read here alone."""

from hyperprune.search.candidate import Candidate
from hyperprune.search.config import SearchConfig
from hyperprune.search.result import (
    Baseline,
    CandidateResult,
    CostResult,
    DenseResult,
    FinalNetwork,
    RoundResult,
    SearchResult,
    Standing,
    curve,
)
from hyperprune.search.run_folder import RunFolder
from hyperprune.search.trainer import Trainer
from hyperprune.training import History, JobFolder, Score, baseline, checkpoint, score_named


def summarise(
    config: SearchConfig,
    folder: RunFolder,
    trainer: Trainer,
    dense: History,
    candidates: list[Candidate],
    rounds: list[RoundResult],
) -> SearchResult:
    """Select the better finalist by its best validation epoch, then read the test part once."""
    finalists = [c for c in candidates if c.number in rounds[-1].promoted and not c.failed]
    selected = min(finalists, key=lambda c: (c.history.best.valid_loss, c.number), default=None)

    score = score_named(config.described)
    without = baseline(config.described)
    trained = [(folder.dense, dense), *((folder.candidate(c.number), c.history) for c in finalists)]
    losses = trainer.test_losses((job, history.best.epoch) for job, history in trained)
    final_dense, *finals = [
        _final(folder, job, history, loss, score)
        for (job, history), loss in zip(trained, losses, strict=True)
    ]
    final_of = {c.number: final for c, final in zip(finalists, finals, strict=True)}

    return SearchResult(
        metric=config.search.metric,
        score=score,
        baseline=None if without is None else Baseline(name=without[0], valid_score=without[1]),
        selected=None if selected is None else selected.number,
        dense=DenseResult(curve=curve(dense.epochs, [], score), final=final_dense),
        candidates=tuple(
            CandidateResult(
                number=candidate.number,
                variant=candidate.variant.canonical().to_dict(),
                standing=_standing(candidate, selected, finalists),
                duplicate_of=candidate.duplicate_of,
                failure=candidate.history.failure.reason if candidate.history.failure else None,
                suggested_by=None if candidate.suggested_by == config.search.told else candidate.suggested_by,
                pool_metric=candidate.pool_metric,
                rounds=candidate.rounds,
                curve=curve(
                    candidate.history.epochs,
                    trainer.distances(_owner(candidate), candidate.history),
                    score,
                ),
                final=final_of.get(candidate.number),
            )
            for candidate in candidates
        ),
        rounds=tuple(rounds),
        cost=_cost(config, dense, candidates),
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
    best = history.best
    weights = checkpoint.path(job.path, best.epoch)
    return FinalNetwork(
        best_epoch=best.epoch,
        valid_score=score.shown(best.valid_loss),
        test_score=score.shown(test_loss),
        live=best.live,
        density=best.density,
        averaging=best.averaging,
        weights=str(weights.relative_to(folder.path)),
        weights_sha256=checkpoint.read_document(weights)["sha256"],
    )


def _cost(config: SearchConfig, dense: History, candidates: list[Candidate]) -> CostResult:
    distinct = [candidate for candidate in candidates if candidate.duplicate_of is None]
    epochs = sum(len(candidate.history.epochs) for candidate in distinct)
    return CostResult(
        search=epochs,
        with_dense=epochs + len(dense.epochs),
        exhaustive=len(distinct) * config.recipe.epochs,
    )
