"""What became of a search and of each candidate, as a note in Markdown."""

from hyperprune.reports.findings import Findings, NetworkRecord, after, capital, family_words
from hyperprune.reports.ranks import Ranks
from hyperprune.reports.rows import cost_sentences
from hyperprune.reports.verdict import is_success, verdict_sentence
from hyperprune.search import RoundResult
from hyperprune.search.config.families import Family
from hyperprune.search.space.words import choice_words
from hyperprune.tasks import Score


def search_story(findings: Findings) -> str:
    """The whole search."""
    config, result, leading = findings.config, findings.result, findings.leading
    lines = [
        f"# Pruned variants at sparsity {config.sparsity:g}",
        *(_ranked_by(family, len(config.families) > 1) for family in config.each_family),
        f"The dense network has trained {findings.dense.epochs} of {config.recipe.epochs} epochs.",
    ]
    if leading is not None:
        verb = "leads so far"
        if result:
            verb = "is selected" if is_success(result) else "is the best of what has not learned"
        words = "" if leading.variant is None else f" ({choice_words(leading.variant)})"
        lines.append(f"**Candidate {leading.name}**{words} {verb}.")
    if result is not None and result.selected is not None:
        lines.append(
            "Optuna's best trial is the best by that early metric; the selection is by the validation score "
            "of the finalists, and may be another one. Eliminated candidates are marked as pruned."
        )
    said = verdict_sentence(result) if result else None
    lines += [said] if said else []
    lines += cost_sentences(result, findings.timings) if result else ["The search has not ended."]
    lines += [_round_line(number, ranking) for number, ranking in enumerate(findings.rounds, 1)]
    lines.append("This is a copy of the run: what is changed here changes nothing there.")
    return "\n\n".join(lines)


def candidate_story(findings: Findings, candidate: NetworkRecord, first: Ranks | None) -> str:
    """One candidate: its choices, its rankings, how it ended.

    Args:
        findings: the run.
        candidate: of the run.
        first: both rankings of its family, the first that were made; None if it is not in them.
    """
    score = findings.score
    standing = candidate.note if candidate.standing == "duplicate" else candidate.standing
    lines = [f"**Candidate {candidate.name}**: {standing}."]
    if candidate.variant is not None:
        lines.append(f"{choice_words(candidate.variant)}.")
    if candidate.standing == "failed":
        lines.append(f"It failed: {candidate.note}.")
    lines += [_place_line(ranking, candidate) for ranking in findings.rounds if _ranked(ranking, candidate)]
    if first is not None:
        lines.append(_two_metrics(first, candidate))
    if candidate.final is not None:
        final = candidate.final
        lines.append(
            f"Trained to the end: validation {score.name} {score.text(final.valid_score)} at epoch "
            f"{final.best_epoch}, test {score.name} {score.text(final.test_score)}, {final.live:,} live "
            f"weights, density {final.density:.3f}."
        )
    if candidate.epochs:
        lines.append(_table(candidate, score))
    return "\n\n".join(lines)


def _ranked_by(family: Family, several: bool) -> str:
    """What ranks the candidates of a family, and when an objective value was measured."""
    pool, epochs = family.pool, family.pool.first_epochs
    whose = f"Candidates {family_words(family.name)}" if several else "Candidates"
    return f"{whose} are ranked by `{pool.told}`; an objective value is that {after(epochs)}."


def _ranked(ranking: RoundResult, candidate: NetworkRecord) -> bool:
    return int(candidate.name) in ranking.ranking


def _round_line(number: int, ranking: RoundResult) -> str:
    onward = ", ".join(map(str, ranking.promoted))
    failed = f"; {', '.join(map(str, ranking.failed))} failed" if ranking.failed else ""
    return f"Ranking {number}, {after(ranking.until)}: {onward} of {len(ranking.ranking)} survived{failed}."


def _place_line(ranking: RoundResult, candidate: NetworkRecord) -> str:
    number = int(candidate.name)
    place = ranking.ranking.index(number)
    onward = "survived" if number in ranking.promoted else "fell"
    if number in ranking.same_as:
        onward += f", its spectrum being that of candidate {ranking.same_as[number]}"
    return (
        f"{capital(after(ranking.until))}: place {place + 1} of {len(ranking.ranking)} "
        f"(metric {ranking.metric[place]:.4f}), {onward}."
    )


def _two_metrics(first: Ranks, candidate: NetworkRecord) -> str:
    place = first.names.index(candidate.name)
    return (
        f"Of {len(first.names)} at the first ranking: {first.ls[place]:g} by LS distance, "
        f"{first.loss[place]:g} by loss."
    )


def _table(candidate: NetworkRecord, score: Score) -> str:
    """A row an epoch, in Markdown."""
    rows = [f"| epoch | train loss | valid {score.name} | LS distance |", "| --: | --: | --: | --: |"]
    for place, (loss, valid) in enumerate(zip(candidate.train_loss, candidate.valid_score, strict=True)):
        far = f"{candidate.ls_distance[place]:.3f}" if place < len(candidate.ls_distance) else ""
        rows.append(f"| {place + 1} | {loss:.4f} | {score.text(valid)} | {far} |")
    return "\n".join(rows)
