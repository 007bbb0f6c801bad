"""What is trained: a network, its data and its loss. Language modelling is one task, ``digits`` another.

``task`` says what a task must have, ``description`` what a run knows of it, ``opened`` what training
uses. Language modelling is in ``text/``; ``digits`` and ``co2`` are shipped beside it, on real data that a
well-kept package brings (extra ``tasks``). To add one: a file here, its name in ``SHIPPED`` (``own.py``)
and ``make docs`` after that.
"""

from hyperprune.tasks.any_task import AnyTask, network_of, task_of
from hyperprune.tasks.base_config import Tasked
from hyperprune.tasks.base_task import Task
from hyperprune.tasks.batch import Batch, Slice
from hyperprune.tasks.description import TaskDescription
from hyperprune.tasks.items import Items
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.own import SHIPPED, OwnTask, named
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.score import PERPLEXITY, Score
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.tasks.task import Epoch, Part, TaskLike
from hyperprune.tasks.text.text_task import TextTask

__all__ = [
    "PERPLEXITY",
    "SHIPPED",
    "AnyTask",
    "Batch",
    "Epoch",
    "Items",
    "OpenedTask",
    "OwnTask",
    "Part",
    "Recipe",
    "Score",
    "Slice",
    "SpectrumConfig",
    "Task",
    "TaskDescription",
    "TaskLike",
    "Tasked",
    "TextTask",
    "named",
    "network_of",
    "task_of",
]
