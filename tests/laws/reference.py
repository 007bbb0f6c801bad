"""The definition, written out: autodiff Jacobian of the whole state, QR by torch.linalg.qr, one sequence."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def spectrum_by_definition(
    step: Callable[[Tensor, Tensor], Tensor],
    state: Tensor,
    inputs: Sequence[Tensor],
    *,
    adjoint: bool,
    warmup: int = 0,
) -> Tensor:
    """Exponents in nats of one sequence, in the order of the state; `step` maps (n,) to (n,)."""
    q = torch.eye(len(state), dtype=state.dtype)
    total = torch.zeros_like(state)
    for number, x in enumerate(inputs):
        jacobian = torch.func.jacrev(step)(state, x)
        state = step(state, x)
        q, r = torch.linalg.qr((jacobian.mT if adjoint else jacobian) @ q)
        q = q * r.diagonal().sign()
        if number >= warmup:
            total += r.diagonal().abs().log()
    return total / (len(inputs) - warmup)


def lstm_by_definition(
    module: nn.LSTM, inputs: Tensor, *, adjoint: bool, full: bool, warmup: int = 0
) -> Tensor:
    """Exponents of an LSTM's sequences, layer 1 first, by looping torch's own equations."""
    return torch.stack([_lstm_sequence(module, x, adjoint, full, warmup) for x in inputs.unbind(dim=1)])


def _lstm_sequence(module: nn.LSTM, inputs: Tensor, adjoint: bool, full: bool, warmup: int) -> Tensor:
    layers, size = module.num_layers, module.hidden_size
    order = range(layers) if adjoint else range(layers - 1, -1, -1)
    cells = [inputs.new_zeros(size) for _ in range(layers)]

    def evolve(state: Tensor, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        hidden, kept = [state] * layers, list(cells)
        parts = list(state.split(size))
        for layer in order:
            hidden[layer] = parts.pop(0)
            if full:
                kept[layer] = parts.pop(0)
        for layer in range(layers):
            gates = (
                getattr(module, f"weight_ih_l{layer}") @ x
                + getattr(module, f"weight_hh_l{layer}") @ hidden[layer]
            )
            gates = gates + getattr(module, f"bias_ih_l{layer}") + getattr(module, f"bias_hh_l{layer}")
            i, f, g, o = gates.chunk(4)
            kept[layer] = f.sigmoid() * kept[layer] + i.sigmoid() * g.tanh()
            x = hidden[layer] = o.sigmoid() * kept[layer].tanh()
        new = [
            part for layer in order for part in ([hidden[layer], kept[layer]] if full else [hidden[layer]])
        ]
        return torch.cat(new), kept

    state = inputs.new_zeros(layers * size * (2 if full else 1))
    q, total = torch.eye(len(state), dtype=state.dtype), torch.zeros_like(state)
    for number, x in enumerate(inputs):
        jacobian = torch.func.jacrev(lambda value, x=x: evolve(value, x)[0])(state).detach()
        new, kept = evolve(state, x)
        state, cells = new.detach(), [cell.detach() for cell in kept]
        q, r = torch.linalg.qr((jacobian.mT if adjoint else jacobian) @ q)
        q = q * r.diagonal().sign()
        if number >= warmup:
            total += r.diagonal().abs().log()
    parts = (total / (len(inputs) - warmup)).chunk(layers)
    return torch.cat(list(parts) if adjoint else list(parts)[::-1])
