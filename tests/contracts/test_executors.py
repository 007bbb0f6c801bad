"""What every executor keeps; a new one adds a line to EXECUTORS."""

from collections.abc import Callable
from typing import Any

import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.executors import Executor, InProcess

EXECUTORS: dict[str, Callable[[], Executor]] = {"in-process": InProcess}


@pytest.fixture(params=EXECUTORS.values(), ids=EXECUTORS.keys())
def executor(request: pytest.FixtureRequest) -> Any:
    made = request.param()
    yield made
    made.close()


def test_a_job_is_a_name_and_json(executor: Executor) -> None:
    job = {
        "label": "x",
        "folder": "unused",
        "corpus": {},
        "model": {},
        "recipe": {},
        "until": 0,
    }
    future = executor.submit("hyperprune.training.work:train", job)
    with pytest.raises(ValueError, match="until"):
        future.result()


def test_an_unknown_function_is_named(executor: Executor) -> None:
    for name in ("hyperprune.nowhere:train", "hyperprune.training.work:fly", "no colon", "json:"):
        with pytest.raises(ConfigurationError, match=r"give package\.module:function"):
            executor.submit(name, {}).result()
