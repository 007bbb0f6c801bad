"""From a run folder to what a report draws; nothing is trained, and no network is built."""

import logging
from collections.abc import Mapping

from torch import Tensor

from hyperprune.errors import HyperpruneError
from hyperprune.lyapunov import Spectrum
from hyperprune.reports.findings import DENSE, Findings, NetworkRecord
from hyperprune.reports.histories import read_history
from hyperprune.reports.so_far import candidates_so_far, dense_so_far
from hyperprune.search import CandidateResult, RunFolder, SearchConfig, SearchResult, load_timings
from hyperprune.search.config.families import Family
from hyperprune.training import JobFolder

logger = logging.getLogger(__name__)


def gather(folder: RunFolder) -> Findings:
    """Everything measured in a run folder.

    Raises:
        RunFolderError: this is no run folder, or of a version that cannot be read.
    """
    config, result = folder.config(), folder.result()
    if result is None:
        dense = dense_so_far(read_history(folder.dense), config)
        candidates, rounds = candidates_so_far(folder, config)
    else:
        dense, rounds = _dense(folder, result), result.rounds
        families = {family.name: family for family in config.each_family}
        origin = None if config.reference is not None else result.dense.final.best_epoch
        candidates = tuple(
            _candidate(folder, candidate, families[candidate.family or config.each_family[0].name], origin)
            for candidate in result.candidates
        )
    spectra: dict[str, dict[int, Tensor]] = {}
    dead: dict[str, dict[int, int]] = {}
    layer: Tensor | None = None
    for network in (dense, *candidates):
        if network.standing != "duplicate":
            job = _job(folder, network.name)
            found = _spectra(job, _epochs(job, network, config))
            spectra[network.name] = {epoch: spectrum.mean for epoch, spectrum in found.items()}
            dead[network.name] = {e: n for e, s in found.items() if (n := int(s.dead.sum()))}
            layer = next((spectrum.layer for spectrum in found.values()), None) if layer is None else layer
    return Findings(
        config,
        dense,
        candidates,
        tuple(rounds),
        spectra,
        layer,
        result,
        load_timings(folder),
        {name: by_epoch for name, by_epoch in dead.items() if by_epoch},
    )


def _dense(folder: RunFolder, result: SearchResult) -> NetworkRecord:
    curve = result.dense.curve
    return NetworkRecord(
        DENSE,
        DENSE,
        train_loss=curve.train_loss,
        valid_score=curve.valid_score,
        live_weights=_live(folder.dense, len(curve.train_loss)),
        final=result.dense.final,
    )


def _candidate(
    folder: RunFolder, candidate: CandidateResult, family: Family, origin: int | None
) -> NetworkRecord:
    curve, twin, initial = candidate.curve, candidate.duplicate_of, candidate.initial
    job = folder.candidate(candidate.number if twin is None else twin)
    return NetworkRecord(
        str(candidate.number),
        candidate.standing,
        variant=candidate.choices,
        train_loss=curve.train_loss,
        valid_score=curve.valid_score,
        ls_distance=curve.ls_distance,
        initial_score=None if initial is None else initial.valid_score,
        initial_distance=None if initial is None else initial.ls_distance,
        family=candidate.family,
        first_epoch=family.pool.first_epochs,
        origin=origin if family.from_dense else None,
        live_weights=_live(job, len(curve.train_loss)),
        metric=candidate.pool_metric,
        spread=candidate.pool_spread,
        rounds=candidate.rounds,
        final=candidate.final,
        note=candidate.failure or ("" if twin is None else f"same as {twin}"),
    )


def _job(folder: RunFolder, name: str) -> JobFolder:
    return folder.dense if name == DENSE else folder.candidate(int(name))


def _live(job: JobFolder, epochs: int) -> tuple[Mapping[str, int], ...]:
    return tuple(record.live_weights for record in read_history(job).epochs[:epochs])


def _epochs(job: JobFolder, network: NetworkRecord, config: SearchConfig) -> range:
    """Where a network may have a spectrum; one that was given has the same at all that candidates have."""
    if job.given:
        return range(0 if 0 in config.measured_at else 1, config.recipe.epochs + 1)
    return range(network.epochs + 1)  # 0 where networks were measured untrained


def _spectra(job: JobFolder, epochs: range) -> dict[int, Spectrum]:
    """What was measured after each epoch, in nats a step."""
    found: dict[int, Spectrum] = {}
    for epoch in epochs:
        if not job.spectrum_path(epoch).exists():
            continue
        try:
            found[epoch] = job.spectrum(epoch).in_nats()
        except HyperpruneError as error:
            logger.warning("%s: the report leaves it out", error)
    return found
