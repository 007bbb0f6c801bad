"""Where jobs run. A job is a function named ``module:function`` and a JSON payload."""

from hyperprune.executors.contract import Executor, resolve
from hyperprune.executors.futures import completed, then
from hyperprune.executors.in_process import InProcess

__all__ = ["Executor", "InProcess", "completed", "resolve", "then"]
