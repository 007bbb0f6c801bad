from pathlib import Path

import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.search import PRESETS, configure


def test_each_layer_overrides_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[model]\nhidden = 32\n[recipe]\nepochs = 20\n")
    config = configure("python-docs", file, {"recipe.epochs": 30, "seed": None})
    assert (config.model.hidden, config.model.embedding) == (32, 128)
    assert config.recipe.epochs == 30
    assert config.seed == 1


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid(name: str) -> None:
    configure(name)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"sparsity": 1.2}, "sparsity: input should be less than 1, got 1.2"),
        ({"recipe.epoch": 3}, "unknown key recipe.epoch"),
        ({"search.metric": "best"}, "unknown metric 'best': choose one of covariance, loss, ls"),
        ({"space.death": ["age"]}, "unknown death rule 'age': choose one of"),
        ({"space.death_rate": [1.0]}, r"death_rate must lie in \[0, 1\)"),
        ({"recipe.epochs": 3}, "the rounds train up to epoch"),
        ({"recipe.optimizer": "sdg"}, "unknown optimiser 'sdg': choose one of"),
    ],
)
def test_mistakes_are_named(values: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        configure(None, None, values)


def test_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="unknown preset 'dmeo': choose one of demo"):
        configure("dmeo")


def test_broken_files_are_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with pytest.raises(ConfigurationError, match="cannot read"):
        configure(None, file)
    file.write_text("a = = 1")
    with pytest.raises(ConfigurationError, match="not TOML"):
        configure(None, file)


@pytest.mark.parametrize(
    "text", ["a" + ".a" * 20_000 + " = 1", "x = {" + "b." * 20_000 + "c = 1}", "[" + "c." * 20_000 + "d]"]
)
def test_a_dotted_key_of_forty_kilobytes_takes_no_memory(tmp_path: Path, text: str) -> None:
    """It took 1.8 GB: half the square of its parts."""
    import tracemalloc

    from hyperprune.config.toml import read_toml

    (tmp_path / "c.toml").write_text(text)
    tracemalloc.start()
    with pytest.raises(ValueError, match="a key of more than 50 parts"):
        read_toml(tmp_path / "c.toml")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
