"""What a search of the small shipped tasks has in common: both families, taught by the dense network."""

from typing import Any

SMALL_SEARCH: dict[str, Any] = {
    "recipe.optimizer": "adam",
    "recipe.clip": 1.0,
    "sparsity": 0.8,
    "families": ("dense", "scratch"),
    "search.candidates": 6,
    "search.first_epochs": 2,
    "search.round_epochs": 2,
    "search.startup": 4,
    "space.weight_scale": ("fan_in",),
    "space.distillation": (0.5,),
    "space.death_rate": (0.2, 0.4, 0.6, 0.8),
    "dense_start.rate": 1.0,
    "dense_start.search.candidates": 24,
    "dense_start.search.startup": 8,
}
