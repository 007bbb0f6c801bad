"""The named methods of the literature, each a point of the space of variants with its papers.

| name | start | death | growth | redistribution | death rate | updates |
| --- | --- | --- | --- | --- | --- | --- |
| static | uniform | | | | 0 | none |
| set | er | set | random | none | 0.3 constant | epoch |
| dsr | uniform | threshold | random | nonzeros | 0.1 constant | epoch |
| snfs | uniform | magnitude | momentum | momentum | 0.5 cosine | epoch |
| rigl | er | magnitude | gradient | none | 0.3 cosine to 0 | 100 steps, until 0.75 of the budget |
| selfish_rnn | uniform | magnitude | random | none | 0.5 cosine | epoch |
| gradual_magnitude | dense | magnitude | | | cubic over the first 0.75 | 100 steps |
| one_shot_magnitude | dense | magnitude | | | once, halfway | one |
| rnnoise | dense | magnitude | | | cubic from 0.08 to 0.267 of the budget | 100 steps |

RigL's update takes the place of an optimiser step, as in its code. The gates of a recurrent matrix that is
stored as one (an LSTM's) share its budget, as Selfish-RNN wants; where they are stored one by one, give
``share_budget``.

RNNoise's code (Valin 2018; training in PyTorch) prunes GRUs in blocks of 8 x 4 and keeps the diagonals of
recurrent matrices. At a density of a third its gates have 0.3 (reset), 0.2 (update) and 0.5 (new); at another
one they are in the same proportion. Its ramp goes from step 6,000 to 20,000 of about 75,000. Convolutions and
the output layer are dense there: exclude them.

Differs: RNNoise's code ranks blocks by the sum of squares, here all blocks are ranked by the sum of
magnitudes.

Differs: RigL's code updates before the first step too, on weights that have not trained; here the first
update comes after one interval.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hyperprune.papers import (
    DETTMERS_ZETTLEMOYER_2019,
    EVCI_2020,
    HAN_2015,
    LIU_2021,
    MOCANU_2018,
    MOSTAFA_WANG_2019,
    ZHU_GUPTA_2017,
    Paper,
)
from hyperprune.registry import Registry
from hyperprune.sparsity.counts.density import exact
from hyperprune.sparsity.pattern.papers import VALIN_2018
from hyperprune.sparsity.variants.fields import UpdateInterval
from hyperprune.sparsity.variants.variant import PruningVariant


@dataclass(frozen=True)
class Method:
    """A published method.

    Attributes:
        variant: its rules; the density is a placeholder that the user's takes the place of.
        papers: what to cite.
        optimizer: name in the room ``optim`` of the optimiser that is a part of it; None for any.
        momentum: that of the optimiser.
        constant_rate: the learning rate doesn't fall, because averaging takes that place.
    """

    variant: PruningVariant
    papers: tuple[Paper, ...]
    optimizer: str | None = None
    momentum: float = 0.0
    constant_rate: bool = False

    def at(
        self,
        density: float,
        *,
        death_rate: float | None = None,
        decay: str | None = None,
        sparse_init: str | None = None,
        update_interval: UpdateInterval | Literal["method"] = "method",
        pattern: str | None = None,
        exclude: Sequence[str] = (),
        densities: Sequence[tuple[str, float]] = (),
        share_budget: Sequence[Sequence[str]] = (),
    ) -> PruningVariant:
        """The method at a density; what is not given is the method's own.

        Raises:
            ConfigurationError: an impossible value or combination.
        """
        own = self.variant
        return dataclasses.replace(
            own,
            density=density,
            death_rate=own.death_rate if death_rate is None else death_rate,
            decay=own.decay if decay is None else decay,
            sparse_init=own.sparse_init if sparse_init is None else sparse_init,
            update_interval=own.update_interval if update_interval == "method" else update_interval,
            pattern=own.pattern if pattern is None else pattern,
            exclude=tuple(exclude),
            densities=tuple(densities),
            share_budget=tuple(tuple(group) for group in share_budget),
        )

    def completed(self, recipe: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
        """What a recipe takes from the method, by its keys: what its user has left out.

        Where the momentum is the method's and the learning rate is not the user's, which then was chosen
        without one, the rate is divided by 1 / (1 - momentum), which keeps the length of a step.

        Args:
            recipe: ``optimizer``, ``momentum``, ``learning_rate`` and ``milestones`` as they are.
            given: keys that the user has given.
        """
        if self.optimizer is None:
            return {}
        taken: dict[str, Any] = {} if "optimizer" in given else {"optimizer": self.optimizer}
        if {**recipe, **taken}["optimizer"] != self.optimizer:
            return taken
        if self.constant_rate and "milestones" not in given:
            taken["milestones"] = ()
        if self.momentum and "momentum" not in given:
            taken["momentum"] = self.momentum
            if "learning_rate" not in given:
                shorter = (1 - exact(self.momentum)) / (1 - exact(recipe["momentum"]))
                taken["learning_rate"] = float(exact(recipe["learning_rate"]) * shorter)
        return taken

    def difference(self, name: str, optimizer: str, momentum: float) -> str | None:
        """What to tell a user of the method ``name`` whose optimiser is another one; None if it is not."""
        if self.optimizer is None or (optimizer, momentum) == (self.optimizer, self.momentum):
            return None
        own, other = _named(self.optimizer, self.momentum), _named(optimizer, momentum)
        return f"{name} was published with {own}, this training has {other}: the results may differ"


def _named(optimizer: str, momentum: float) -> str:
    return f"{optimizer} and momentum {momentum}" if momentum else optimizer


METHODS: Registry[Method] = Registry("method")
METHODS.register("static")(
    Method(PruningVariant(density=0.33, death_rate=0.0, update_interval=None), (MOCANU_2018,))
)
METHODS.register("set")(
    Method(
        PruningVariant(density=0.33, sparse_init="er", death="set", death_rate=0.3, decay="constant"),
        (MOCANU_2018,),
    )
)
METHODS.register("dsr")(
    Method(
        PruningVariant(
            density=0.33,
            death="threshold",
            redistribution="nonzeros",
            death_rate=0.1,
            decay="constant",
            death_options=(("tolerance", 0.1),),
        ),
        (MOSTAFA_WANG_2019,),
    )
)
METHODS.register("snfs")(
    Method(
        PruningVariant(density=0.33, growth="momentum", redistribution="momentum", death_rate=0.5),
        (DETTMERS_ZETTLEMOYER_2019,),
        optimizer="sgd",
        momentum=0.9,
    )
)
METHODS.register("rigl")(
    Method(
        PruningVariant(
            density=0.33,
            sparse_init="er",
            growth="gradient",
            death_rate=0.3,
            decay="cosine_to_zero",
            update_interval=100,
            update_until=0.75,
            update_replaces_step=True,
        ),
        (EVCI_2020,),
        optimizer="sgd",
        momentum=0.9,
    )
)
METHODS.register("selfish_rnn")(
    Method(
        PruningVariant(density=0.33, death_rate=0.5), (LIU_2021,), optimizer="snt-asgd", constant_rate=True
    )
)
METHODS.register("gradual_magnitude")(
    Method(
        PruningVariant(density=0.33, density_schedule="gradual", death_rate=0.0, update_interval=100),
        (ZHU_GUPTA_2017,),
    )
)
METHODS.register("rnnoise")(
    Method(
        PruningVariant(
            density=0.33,
            density_schedule="gradual",
            schedule_span=(0.08, 0.267),
            death_rate=0.0,
            update_interval=100,
            pattern="8x4",
            keep_diagonal=True,
            gate_densities=(("reset", 0.3), ("update", 0.2), ("new", 0.5)),
        ),
        (VALIN_2018, ZHU_GUPTA_2017),
    )
)
METHODS.register("one_shot_magnitude")(
    Method(
        PruningVariant(density=0.33, density_schedule="one_shot", death_rate=0.0, update_interval=1),
        (HAN_2015,),
    )
)
