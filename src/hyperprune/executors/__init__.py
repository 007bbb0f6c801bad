"""Where jobs run. A job is a function named ``module:function`` and a JSON payload."""

from hyperprune.executors.build import EXECUTORS, make_executor
from hyperprune.executors.contract import Executor, resolve
from hyperprune.executors.futures import completed, retried, then
from hyperprune.executors.in_process import InProcess
from hyperprune.executors.processes import Processes
from hyperprune.executors.workers import Workers

__all__ = [
    "EXECUTORS",
    "Executor",
    "InProcess",
    "Processes",
    "Workers",
    "completed",
    "make_executor",
    "resolve",
    "retried",
    "then",
]
