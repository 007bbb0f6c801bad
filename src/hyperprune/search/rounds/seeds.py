"""Several seeds a candidate: each is a whole training of its own, from other initial weights.

Seed 0 is the search's own, so that a search of one seed is part of one of three. Further ones are derived
from it. Each has its own dense reference, because LS distance compares networks that started from the same
dense weights; the further references train only as far as something is measured against them.
"""

from hyperprune.seeding import derive


def root_seed(root: int, index: int) -> int:
    """The root seed of a candidate's training number ``index``."""
    return root if index == 0 else derive(root, "candidate seed", index)
