"""What a training of one network takes."""

import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.search import configure_training
from hyperprune.sparsity import PruningVariant, density_from_sparsity


def test_weight_scale_is_dense_unless_it_is_given() -> None:
    plain = configure_training("python-docs", values={"variant.death": "set"})
    scaled = configure_training(
        "python-docs", values={"variant.death": "set", "variant.weight_scale": "fan_in"}
    )
    density = density_from_sparsity(plain.sparsity)
    assert plain.pruning == PruningVariant(density=density, death="set")
    assert scaled.pruning == PruningVariant(density=density, death="set", weight_scale="fan_in")
    assert plain.pruning.mask_key() == scaled.pruning.mask_key()
    with pytest.raises(ConfigurationError, match="unknown weight scale 'fan-in'"):
        configure_training("python-docs", values={"variant.weight_scale": "fan-in"})
