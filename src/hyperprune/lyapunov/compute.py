"""``spectrum``: from a system and its inputs to a record."""

import math
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.assemble import make_blocks, make_record
from hyperprune.lyapunov.conventions import Conventions
from hyperprune.lyapunov.plan import plan
from hyperprune.lyapunov.prepare import embedded, evaluating, prepared
from hyperprune.lyapunov.record import Position, Spectrum
from hyperprune.lyapunov.recursion import Recursion
from hyperprune.lyapunov.stack import StackOptions, build_layers
from hyperprune.lyapunov.states import initial_states, layer_order


def spectrum(
    system: Any,
    inputs: Tensor | None = None,
    *,
    initial_state: Any = None,
    state: str = "hidden",
    direction: str = "forward",
    layerwise: bool | None = None,
    k: int | None = None,
    warmup: int = 0,
    steps: int | None = None,
    log_base: float = math.e,
    dtype: torch.dtype | None = None,
    preset: str | None = None,
    mask: Tensor | None = None,
    warmup_qr: bool | None = None,
    rewind: bool | None = None,
    qr_interval: int = 1,
    floor: float | None = -16.0,
    start: Position | None = None,
    jacobian: str = "closed",
    running: bool = False,
    keep_end: bool = False,
    differentiable: bool = False,
) -> Spectrum:
    """Lyapunov exponents of ``system`` along ``inputs`` (Benettin et al. 1980; Vogt et al. 2022).

    Args:
        system: a model with ``embed`` and ``recurrent`` (:class:`Network`); ``nn.RNN``, ``GRU``, ``LSTM``
            or one of their cells; a :class:`Cell`; any function ``step(state, x) -> state`` on tensors
            ``(batch, n)``; or a list of those as a stack, layer 1 first.
        inputs: ``(time, batch, ...)``, also for ``batch_first`` modules; tokens for a model, which embeds
            them. None, with ``steps``, for a map without input.
        initial_state: ``(batch, n)`` in the stated order (see :func:`layer_order`), or the module's own
            ``h`` or ``(h, c)``, for a stack a list of its layers'; zeros if None.
        state: ``hidden`` (h alone, c held fixed) or ``full`` (h and c).
        direction: ``forward``, the spectrum of the driven system, or ``adjoint``, that of the reversed
            products, which published numbers show.
        layerwise: None or True goes layer by layer; False takes the whole state: the same numbers.
        k: follow the first k columns only, in each layer (layerwise) or of the whole state.
        warmup: steps before counting; they consume their inputs and end in a QR each.
        steps: steps to count; None counts all that the inputs give.
        log_base: unit of the exponents; e for nats, 2 for bits.
        dtype: type to compute in; None is the weights' own. Logarithms are summed in float64 always.
        preset: ``paper`` fills the published conventions into what was left at its default.
        mask: ``(time, batch)``, False where a sequence has no input (ragged batches). Such a step is
            left out altogether; ``warmup`` and ``steps`` count each sequence's own steps.
        start: the ``end`` of another spectrum of the same system, to go on from its state and Q.
        jacobian: ``closed`` uses closed forms and cells' own Jacobians, ``automatic`` only torch.func.
        warmup_qr: False leaves out the QR in the warm-up except for the last one; None is True, or the
            preset's choice.
        rewind: True feeds the counted steps from the first input again; None is False, or the preset's
            choice.
        qr_interval: steps between two QR; above 1 is faster and spoils the smallest exponents.
        floor: nats per step below which a logarithm is cut (a dead unit's is minus infinity), or None.
        running: whether to keep the estimate after every counted QR.
        keep_end: whether to keep the last state and Q in ``Spectrum.end``.
        differentiable: whether ``exponents`` carry derivatives with respect to weights and inputs; takes
            the memory of all steps.

    Returns:
        exponents ``(batch, n)``, layer 1 first, in units of ``log_base`` a step; on the CPU, wherever the
        system is.

    Raises:
        ConfigurationError: arguments that don't fit together, with the remedy.
        DivergedError: the network left the finite numbers.
    """
    conventions = Conventions(
        state, direction, layerwise, k, warmup, steps, log_base, qr_interval=qr_interval, floor=floor
    )
    if preset is not None:
        conventions = conventions.with_preset(preset)
    conventions = replace(
        conventions,
        warmup_qr=conventions.warmup_qr if warmup_qr is None else warmup_qr,
        rewind=conventions.rewind if rewind is None else rewind,
    )
    _check_flags(jacobian, mask, conventions, start, initial_state)
    with nullcontext() if differentiable else torch.no_grad(), evaluating(system):
        recurrent, inputs = embedded(system, inputs)
        begin = initial_state if start is None else start.state
        options = StackOptions(
            full=conventions.state == "full",
            dtype=dtype,
            keep_graph=differentiable,
            automatic=jacobian == "automatic",
        )
        layers = build_layers(recurrent, options, begin)
        inputs, zero = prepared(layers, inputs, begin, dtype)
        order = layer_order(len(layers), conventions.direction)
        states = initial_states(recurrent, layers, begin, order, zero)
        blocks = make_blocks(layers, conventions, zero, start, mask is not None, differentiable, running)
        recursion = Recursion(layers, blocks, states, order if conventions.layerwise is False else None)
        _run(recursion, inputs, mask, conventions)
        return make_record(recursion, layers, order, conventions, mask, keep_end)


def _run(recursion: Recursion, inputs: Tensor | None, mask: Tensor | None, conventions: Conventions) -> None:
    if mask is None:
        for phase in plan(conventions, None if inputs is None else len(inputs)):
            recursion.run_phase(inputs, phase)
        return
    if inputs is None or mask.shape != inputs.shape[:2] or mask.dtype != torch.bool:
        seen = f"{tuple(mask.shape)} of {mask.dtype}"
        raise ConfigurationError(
            f"mask must be booleans (time, batch) like the inputs, got {seen}: give one an input"
        )
    fewest = int(mask.sum(dim=0).min())
    if fewest <= conventions.warmup:
        raise ConfigurationError(
            f"every sequence must have more than warmup = {conventions.warmup} inputs, one has {fewest}: "
            "leave it out or give a smaller warmup"
        )
    recursion.run_masked(inputs, mask.to(inputs.device), conventions.warmup, conventions.steps)


def _check_flags(
    jacobian: str, mask: Tensor | None, conventions: Conventions, start: Position | None, initial_state: Any
) -> None:
    if jacobian not in ("closed", "automatic"):
        raise ConfigurationError(
            f"jacobian must be closed or automatic, got {jacobian!r}: choose one of these"
        )
    if start is not None and initial_state is not None:
        raise ConfigurationError("start holds a state already, got initial_state too: give one of the two")
    plain = conventions.qr_interval == 1 and conventions.warmup_qr and not conventions.rewind
    if mask is not None and not plain:
        raise ConfigurationError(
            "a mask needs a QR after every step and no rewind, got qr_interval, warmup_qr=False or rewind: "
            "leave these out, or give sequences of one length"
        )
