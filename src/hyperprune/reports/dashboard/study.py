"""A run as an Optuna study in memory: trials as they were told, and what our records know beside them."""

import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import RandomSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial
from optuna_dashboard import save_note

from hyperprune.reports.dashboard.pictures import Pictures
from hyperprune.reports.dashboard.stories import candidate_story, search_story
from hyperprune.reports.findings import DENSE, Findings, NetworkRecord
from hyperprune.reports.ranks import first_ranks
from hyperprune.tasks import Score

_ARTIFACT = "artifacts:"  # Optuna's prefix of an artifact's entry


def copied(
    findings: Findings, stored: Iterable[FrozenTrial], pictures: Pictures, seconds: Mapping[str, float]
) -> BaseStorage:
    """The study to look at; nothing that is done to it reaches the run.

    Args:
        findings: what the run has measured.
        stored: the trials of study.db, in order.
        pictures: where the figures are.
        seconds: how long each candidate took to its first ranking, by name.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="hyperprune", sampler=RandomSampler(seed=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # names of values have been one since 2023
        study.set_metric_names([f"{findings.config.search.told}, first epochs"])
    save_note(study, search_story(findings))
    for name, value in _entry(pictures, DENSE).items():
        storage.set_study_system_attr(study._study_id, name, value)
    first = {name: ranking for ranking in first_ranks(findings) for name in ranking.names}
    by_name = {candidate.name: candidate for candidate in findings.candidates}
    for trial in stored:
        candidate = by_name.get(str(trial.number))
        if candidate is None:
            break
        told = create_trial(
            state=_state(trial.state, candidate),
            values=trial.values,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=_attributes(trial.user_attrs, candidate, findings.score),
            system_attrs=_entry(pictures, str(trial.user_attrs.get("duplicate_of", candidate.name))),
            intermediate_values=dict(enumerate(_early(findings, candidate), 1)),
        )
        if trial.datetime_complete is not None:
            told.datetime_complete = trial.datetime_complete
            took = timedelta(seconds=seconds.get(candidate.name, 0.0))
            told.datetime_start = trial.datetime_complete - took
        number = storage.create_new_trial(study._study_id, template_trial=told)
        save_note(Trial(study, number), candidate_story(findings, candidate, first.get(candidate.name)))
    return storage


def _state(told: TrialState, candidate: NetworkRecord) -> TrialState:
    """Pruned for who was eliminated, so that Optuna's best trial is among those that went on."""
    is_out = told == TrialState.COMPLETE and candidate.standing == "eliminated"
    return TrialState.PRUNED if is_out else told


def _entry(pictures: Pictures, name: str) -> dict[str, str]:
    """What stands in a trial, or in the study, for the picture of a network."""
    meta = pictures.meta(name)
    return {} if meta is None else {f"{_ARTIFACT}{meta.artifact_id}": json.dumps(asdict(meta))}


def _early(findings: Findings, candidate: NetworkRecord) -> tuple[float, ...]:
    """The metric's own course, which the dashboard draws as intermediate values."""
    return candidate.valid_score if findings.config.search.metric == "loss" else candidate.ls_distance


def _attributes(told: Mapping[str, Any], candidate: NetworkRecord, score: Score) -> dict[str, Any]:
    """What stands beside a trial: as it was told, and what became of it."""
    known: dict[str, Any] = {name: value for name, value in told.items() if name not in ("variant", "sha256")}
    known |= {"standing": candidate.standing, "epochs": candidate.epochs}
    known["selected"] = candidate.standing == "selected"
    name = score.name.replace(" ", "_")
    if candidate.valid_score:
        known[f"best_valid_{name}"] = min(candidate.valid_score, key=score.signed)
    if candidate.final is not None:
        known[f"test_{name}"] = candidate.final.test_score
        known["live_weights"] = candidate.final.live
    return known
