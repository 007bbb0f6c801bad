"""A trained network beside the given one that it started from: scores of both, and a verdict."""

import torch
from pydantic import BaseModel, ConfigDict, Field

from hyperprune.accelerators import repeatable
from hyperprune.seeding import derive
from hyperprune.tasks import Score
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.itemised import evaluate_items, itemised, start_loss
from hyperprune.training.job import TrainingJob, task_of
from hyperprune.training.stored.history import History
from hyperprune.training.stored.weights_file import GivenWeights, load_given
from hyperprune.training.verdict.judge import Learned, judged, not_learned
from hyperprune.training.verdict.verdict import TOLERANCE, Verdict


class ReferenceScores(BaseModel):
    """The network that a training started from, and what became of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_score: float = Field(description="Of the reference, as it was given.")
    test_score: float = Field(description="Likewise.")
    live: int = Field(description="Its weights, biases included.")
    sha256: str | None = Field(description="SHA-256 of its file.")
    verdict: Verdict = Field(description="The trained network against it, on the test part.")


def against_reference(
    job: TrainingJob, given: GivenWeights, history: History, tested: EvaluationJob, score: Score
) -> ReferenceScores:
    """Measure the reference as it was given, and judge the trained network beside it.

    Args:
        job: what was trained.
        given: the reference.
        history: of the training.
        tested: the network that counts, on the test part.
        score: what the numbers are called.

    Raises:
        CheckpointError: a file is damaged, or the reference is no longer the one of the run.
    """
    with repeatable(torch.device(job.device)):
        torch.set_num_threads(job.threads)
        task = task_of(job)
        network = task.network()
        load_given(network, given)
        network.eval()
        valid = task.evaluate(network, "valid")
        dense = itemised(task, network, "test")
        pruned = evaluate_items(tested)
        start = start_loss(job)  # of the masked network; one that changed nothing since is no failure
        learned = Learned("the network", history.best.valid_loss, start, given=True)
        reason = not_learned(score, [learned], job.task.naive(), TOLERANCE)
        verdict = judged(score, dense, pruned, TOLERANCE, derive(job.seed, "verdict"), reason)
    return ReferenceScores(
        valid_score=score.shown(valid),
        test_score=score.shown(dense.loss),
        live=sum(parameter.numel() for parameter in network.parameters()),
        sha256=given.sha256,
        verdict=verdict,
    )
