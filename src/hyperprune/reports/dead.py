"""Dead directions beside the distances that leave them out."""

from hyperprune.reports.findings import DENSE, Findings

_SHOWN = 12  # candidates in a sentence


def dead_at(findings: Findings, name: str, epoch: int) -> int | None:
    """Dead directions of a network after an epoch; None where its spectrum is not known."""
    if epoch not in findings.spectra.get(name, {}):
        return None
    return findings.dead.get(name, {}).get(epoch, 0)


def dead_sentence(findings: Findings) -> str | None:
    """How many directions are dead at the first ranking, by network; None where none ever is."""
    if not findings.dead:
        return None
    counts = {c.name: dead_at(findings, c.name, c.first_epoch) for c in findings.distinct}
    some = [f"{name} ({count})" for name, count in counts.items() if count]
    shown = ", ".join(some[:_SHOWN]) + (f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else "")
    epochs = {findings.dense_epoch(c.name, c.first_epoch) for c in findings.distinct}
    dense = [dead_at(findings, DENSE, epoch) for epoch in sorted(epochs)]
    of_dense = " or ".join(dict.fromkeys("not known" if count is None else f"{count}" for count in dense))
    return (
        "Distances compare the directions that are alive in both networks. Dead ones, which zeros of the "
        f"weights kill, at the first ranking: {of_dense or 'not known'} of the dense network; "
        f"of candidates {shown or 'none'}."
    )
