"""SGD that switches to averaging its weights once the validation loss stops falling."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import DivergedError
from hyperprune.optim.uncompiled import Uncompiled
from hyperprune.optim.unlabelled import unlabelled


class AveragedSGD(Uncompiled):
    """NT-ASGD (Merity et al. 2018, algorithm 1) and, with ``restart``, SNT-ASGD (Liu et al. 2021).

    Plain SGD until :meth:`observe` sees at evaluation i > n a loss above min(v_0 .. v_(i-n-1)); from then on
    a running average of every weight, which leaves out the first step as ``torch.optim.ASGD(t0=0)`` does. The
    parameters themselves stay raw, and the learning rate constant; :meth:`averaged` lends the averages.

    Under sparse training weights are masked before they are averaged. With ``restart`` a weight counts from
    the later of the switch and its last growth; without it from the switch, its dead time as zeros.

    A weight that dies and is chosen again in the same update has not grown and keeps its count.

    Differs: the average is a sum divided when it is asked for: as exact as a running mean (a relative error
    of 3e-5 after a million steps in float32) and one pass over memory a step.

    Args:
        params: parameters.
        lr: learning rate.
        weight_decay: added to the gradients.
        nonmonotone: n.
        restart: True for SNT-ASGD.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        weight_decay: float = 0.0,
        nonmonotone: int = 5,
        *,
        restart: bool,
    ) -> None:
        # what is not a tensor lives in the groups, so that state_dict() is torch's own and plain
        time: dict[str, Any] = {"steps": 0, "start": None, "fresh": False, "losses": []}
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "nonmonotone": nonmonotone} | time)
        self.restart = restart
        self._masks: dict[Tensor, Tensor] = {}
        self._lent = False

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles carry: torch's own part, and what it doesn't know of."""
        own = {"restart": self.restart, "_masks": self._masks, "_lent": False}
        return {**super().__getstate__(), **own}

    @property
    def published_name(self) -> str:
        """Its name in ``OPTIMIZERS``."""
        return "snt-asgd" if self.restart else "nt-asgd"

    @property
    def averaging(self) -> bool:
        """True once the trigger has fired; it is never undone."""
        return self.param_groups[0]["start"] is not None

    def observe(self, validation_loss: float) -> bool:
        """Tell the loss of an evaluation; True if this one switches averaging on.

        Raises:
            DivergedError: the loss is not finite.
        """
        if not math.isfinite(validation_loss):
            raise DivergedError(
                f"a validation loss must be finite, got {validation_loss}: lower the learning rate or clip"
            )
        group = self.param_groups[0]
        losses, n = [*group["losses"], float(validation_loss)], group["nonmonotone"]
        index = len(losses) - 1
        fires = not self.averaging and index > n and losses[index] > min(losses[: index - n])
        for group in self.param_groups:
            group["losses"] = losses
            group["start"] = group["steps"] + 1 if fires else group["start"]
        return fires

    @unlabelled
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step of SGD, the masks, and the averages if they are on."""
        if self._lent:
            raise RuntimeError("the averages are lent: leave the context of averaged() before you step")
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._descend(group)
            group["steps"] += 1
            if group["start"] is not None and group["steps"] > group["start"]:
                self._accumulate(group)
        return loss

    @torch.no_grad()
    def topology_changed(self, parameter: Tensor, mask: Tensor, grown: Tensor | None) -> None:
        """Follow sparse training: keep the mask, and count grown weights from the next step on."""
        if self._lent:
            raise RuntimeError("the averages are lent: death and growth read raw weights, leave averaged()")
        self._masks[parameter] = mask
        group = next(g for g in self.param_groups if any(p is parameter for p in g["params"]))
        following = group["steps"] + 1
        if grown is None or not self.restart or group["start"] is None or group["start"] >= following:
            return
        state = self.state[parameter]
        if "starts" not in state:
            state["starts"] = torch.full_like(parameter, group["start"], dtype=torch.int32)
        state["starts"].masked_fill_(grown, following)
        group["fresh"] = True

    @torch.no_grad()
    def average_of(self, parameter: Tensor) -> Tensor:
        """The average of a parameter, as a new tensor; the parameter itself where nothing is averaged yet."""
        group = next(g for g in self.param_groups if any(p is parameter for p in g["params"]))
        state = self.state.get(parameter, {})
        average = parameter.detach().clone()
        if "sum" in state and "starts" in state:
            counts = group["steps"] - state["starts"]
            average = torch.where(counts > 0, state["sum"] / counts.clamp(min=1), average).to(average.dtype)
        elif "sum" in state:
            average = (state["sum"] / (group["steps"] - group["start"])).to(average.dtype)
        mask = self._masks.get(parameter)
        return average if mask is None else average.mul_(mask)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the parameters hold their averages; after it, whatever happens, their raw values again."""
        if self._lent:
            raise RuntimeError("the averages are lent already: averaged() cannot be nested")
        parameters = [p for group in self.param_groups for p in group["params"]] if self.averaging else []
        raw = [parameter.detach().clone() for parameter in parameters]
        self._lent = True
        try:
            for parameter in parameters:
                parameter.detach().copy_(self.average_of(parameter))
            yield
        finally:
            for parameter, value in zip(parameters, raw, strict=True):
                parameter.detach().copy_(value)
            self._lent = False

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch does, but sums and starts keep their types, which torch would cast to the parameter's."""
        super().load_state_dict(state_dict)
        parameters = [p for group in self.param_groups for p in group["params"]]
        indices = [index for group in state_dict["param_groups"] for index in group["params"]]
        for parameter, index in zip(parameters, indices, strict=True):
            for name, value in state_dict["state"].get(index, {}).items():
                self.state[parameter][name] = value.detach().to(parameter.device, copy=True)

    def _descend(self, group: dict[str, Any]) -> None:
        trained = [p for p in group["params"] if p.grad is not None]
        if not trained:
            return
        gradients = [p.grad for p in trained]
        if group["weight_decay"]:
            gradients = list(torch._foreach_add(gradients, trained, alpha=group["weight_decay"]))
        torch._foreach_add_(trained, gradients, alpha=-group["lr"])
        masked = [p for p in trained if p in self._masks]
        if masked:
            torch._foreach_mul_(masked, [self._masks[p] for p in masked])

    def _accumulate(self, group: dict[str, Any]) -> None:
        for parameter in group["params"]:
            if "sum" not in self.state[parameter]:
                wide = torch.promote_types(parameter.dtype, torch.float32)
                self.state[parameter]["sum"] = torch.zeros_like(parameter, dtype=wide)
        sums = [self.state[parameter]["sum"] for parameter in group["params"]]
        if sums:
            torch._foreach_add_(sums, group["params"])
        if group["fresh"]:
            # the first step of a grown weight is left out, like the first one after the switch
            for parameter in group["params"]:
                starts = self.state[parameter].get("starts")
                if starts is not None:
                    self.state[parameter]["sum"].masked_fill_(starts == group["steps"], 0)
            group["fresh"] = False
