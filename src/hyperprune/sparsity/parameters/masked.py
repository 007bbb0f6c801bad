"""The masks of a model's parameters, and the multiplication that keeps dead weights at zero."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from hyperprune.sparsity.rules import WeightScaleRule


class MaskedParameters:
    """Parameters and their masks; the masks are the truth, a live weight may be zero.

    Beside each bool mask lies the same mask in the parameter's own type: multiplying by that is three times
    as fast on a CPU, and it is remade only when the mask changes.

    Args:
        parameters: by name.
        masks: bool, by the same names; kept and changed in place.

    Attributes:
        stencils: the masks in the parameters' types.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], masks: Mapping[str, Tensor]) -> None:
        self.parameters = dict(parameters)
        self.masks = dict(masks)
        self.stencils = {name: self._stencil(name) for name in self.parameters}

    @torch.no_grad()
    def replace(self, masks: Mapping[str, Tensor]) -> None:
        """Take new masks over into the old tensors."""
        for name, mask in self.masks.items():
            mask.copy_(masks[name])
            self.stencils[name].copy_(mask)

    @torch.no_grad()
    def apply(self) -> None:
        """Multiply every parameter by its mask."""
        torch._foreach_mul_(list(self.parameters.values()), list(self.stencils.values()))

    @torch.no_grad()
    def scale(self, rule: WeightScaleRule) -> None:
        """Multiply the rows of every parameter by the factors of a rule."""
        if rule.factors is None:
            return
        for name, parameter in self.parameters.items():
            factors = rule.factors(self.masks[name]).to(parameter.dtype)
            parameter.mul_(factors.view(-1, *[1] * (parameter.dim() - 1)))

    @torch.no_grad()
    def apply_to(self, name: str, tensors: list[Tensor]) -> None:
        """Multiply ``tensors`` of the shape of parameter ``name`` by its mask."""
        for tensor in tensors:
            tensor.mul_(self.stencils[name])

    def follow(self) -> bool:
        """Take the masks along with a model that was moved or cast; True if it was."""
        moved = [
            name
            for name, parameter in self.parameters.items()
            if self.stencils[name].device != parameter.device or self.stencils[name].dtype != parameter.dtype
        ]
        for name in moved:
            self.masks[name] = self.masks[name].to(self.parameters[name].device)
            self.stencils[name] = self._stencil(name)
        return bool(moved)

    def _stencil(self, name: str) -> Tensor:
        parameter = self.parameters[name]
        return self.masks[name].to(device=parameter.device, dtype=parameter.dtype)
