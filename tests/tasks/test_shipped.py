"""The shipped tasks: real data in parts that do not touch, networks that beat the naive answer."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperprune.errors import ConfigurationError
from hyperprune.search import configure_training
from hyperprune.training import train

PACKAGES = {"digits": "sklearn", "co2": "statsmodels"}


@pytest.fixture(params=sorted(PACKAGES))
def name(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(PACKAGES[request.param], reason="needs the extra tasks")
    return str(request.param)


def test_dense_network_beats_the_naive_answer_in_a_few_epochs(tmp_path: Path, name: str) -> None:
    config = configure_training(values={"task.object": name, "dense": True, "recipe.epochs": 5})
    without = config.described.naive()
    assert without is not None
    result = train(config, tmp_path / "run")
    assert result.valid_score < 0.95 * without[1]


def test_digits_parts_share_no_image() -> None:
    pytest.importorskip("sklearn", reason="needs the extra tasks")
    from hyperprune.tasks.digits import Digits

    parts = Digits().parts
    assert {part: len(labels) for part, (_, labels) in parts.items()} == {
        "train": 1257,
        "valid": 270,
        "test": 270,
    }
    images = torch.cat([images for images, _ in parts.values()])
    assert images.shape == (1797, 8, 8)
    assert 0 <= float(images.min()) < float(images.max()) == 1
    assert len(images.flatten(1).unique(dim=0)) == 1797


def test_co2_forecasts_see_nothing_of_the_weeks_to_come() -> None:
    """Weeks of the test part changed, the training losses and the validation error stay."""
    pytest.importorskip("statsmodels", reason="needs the extra tasks")
    from hyperprune.tasks import Epoch
    from hyperprune.tasks.co2 import CarbonDioxide

    task = CarbonDioxide()
    torch.manual_seed(0)
    network = task.network().eval()

    def seen() -> tuple[float, float, float]:
        with torch.no_grad():
            loss, _ = next(iter(task.losses(network, Epoch(1))))
            return float(loss), task.evaluate(network, "valid"), task.evaluate(network, "test")

    before = seen()
    task.changes = task.changes.clone()
    task.changes[task.bounds["test"][0] :] += 1
    after = seen()
    assert before[:2] == after[:2]
    assert before[2] != after[2]


@torch.no_grad()
def test_co2_weeks_without_a_measurement_are_no_targets() -> None:
    pytest.importorskip("statsmodels", reason="needs the extra tasks")
    from hyperprune.tasks.co2 import CarbonDioxide

    task = CarbonDioxide()
    assert 0 < int((~task.known).sum()) < 120  # 59 of the 2,284 weeks have none, and each spoils two changes
    network = task.network().eval()
    first, last = task.bounds["valid"]
    assert not task.known[:first].all()
    error = task.evaluate(network, "train")
    # a forecast of 0 everywhere would be off by the changes themselves, the first one left out
    counted = task.changes[1:first][task.known[1:first]]
    torch.nn.init.zeros_(network.decoder.weight)
    torch.nn.init.zeros_(network.decoder.bias)
    still = task.evaluate(network, "train")
    assert still == pytest.approx(float(counted.double().square().mean().sqrt()) * task.unit, rel=1e-12)
    assert error != still
    assert last - first > 300


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperprune.tasks.digits import Digits

    real = importlib.import_module

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError("No module named 'sklearn'")
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ConfigurationError, match=r"digits needs sklearn .*pip install 'hyperprune\[tasks\]'"):
        Digits()
