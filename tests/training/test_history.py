"""Which epoch of a training counts."""

from hyperprune.training import EpochRecord, History


def record(epoch: int, loss: float, live: int) -> EpochRecord:
    return EpochRecord(epoch=epoch, train_loss=loss, valid_loss=loss, live=live, density=live / 100)


def test_the_best_epoch_of_gradual_pruning_is_one_at_its_final_density() -> None:
    """It was the first one, of a network that was still dense."""
    history = History(epochs=(record(1, 3.0, 90), record(2, 4.0, 33), record(3, 3.5, 33)))
    assert history.best.epoch == 3
    assert history.until(1).best.epoch == 1


def test_the_earliest_of_equal_epochs_counts() -> None:
    history = History(epochs=(record(1, 4.0, 33), record(2, 3.0, 33), record(3, 3.0, 33)))
    assert history.best.epoch == 2
