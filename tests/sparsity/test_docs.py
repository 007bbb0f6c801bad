"""The Python of docs/sparse-training.md runs, block after block, as a reader would type it."""

import re
from pathlib import Path

import pytest
import torch

from hyperprune.sparsity import GROWTH, Topology

PAGE = Path(__file__).parents[2] / "docs" / "sparse-training.md"
RECIPES = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_every_block_of_the_guide_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GROWTH, "_entries", dict(GROWTH._entries))  # the guide registers a rule
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(blocks) > 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


def test_the_recipe_of_a_death_rule_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", RECIPES.read_text(), flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile("\n".join(line[3:] for line in block.splitlines()), str(RECIPES), "exec"), names)
    rule = names["RULE"]
    weights = {"a": torch.arange(8.0)}
    topology = Topology(weights, {"a": torch.ones(8, dtype=torch.bool)}, {"a": 8})
    assert rule.deaths(topology, 0.5, {}).counts == {"a": 4}
