"""``spectrum``: from a system and its inputs to a record."""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.conventions import LEFT_OUT, Conventions, LeftOut, chosen_conventions
from hyperprune.lyapunov.driven.networks import laid_out, source_of
from hyperprune.lyapunov.driven.plain import plain
from hyperprune.lyapunov.layers import GenericLayer
from hyperprune.lyapunov.prepare import evaluating, one_sequence, prepared
from hyperprune.lyapunov.record import Position, Spectrum
from hyperprune.lyapunov.recursion.assemble import StrandMaker
from hyperprune.lyapunov.recursion.plan import Phase, plan
from hyperprune.lyapunov.recursion.run import Recursion
from hyperprune.lyapunov.recursion.walk import Walk
from hyperprune.lyapunov.result import make_record
from hyperprune.lyapunov.stack import StackOptions, build_layers
from hyperprune.lyapunov.states import initial_states, layer_order
from hyperprune.lyapunov.survey import survey, survey_weights


def spectrum(
    system: Any,
    inputs: Any = None,
    *,
    initial_state: Any = None,
    conventions: Conventions | None = None,
    preset: str | None = None,
    state: str | LeftOut = LEFT_OUT,
    direction: str | LeftOut = LEFT_OUT,
    layerwise: bool | LeftOut | None = LEFT_OUT,
    k: int | LeftOut | None = LEFT_OUT,
    warmup: int | LeftOut = LEFT_OUT,
    steps: int | LeftOut | None = LEFT_OUT,
    log_base: float | LeftOut = LEFT_OUT,
    warmup_qr: bool | LeftOut | None = LEFT_OUT,
    rewind: bool | LeftOut | None = LEFT_OUT,
    qr_interval: int | LeftOut = LEFT_OUT,
    floor: float | LeftOut | None = LEFT_OUT,
    dtype: torch.dtype | None = None,
    mask: Tensor | None = None,
    start: Position | None = None,
    jacobian: str = "closed",
    running: bool = False,
    keep_end: bool = False,
    differentiable: bool = False,
) -> Spectrum:
    """Lyapunov exponents of ``system`` along ``inputs`` (Benettin et al. 1980; Vogt et al. 2022).

    Directions that the zeros of the weights kill are not followed: they stand at the floor, behind the
    live ones of their layer, which are then computed in float64 (see :attr:`Spectrum.dead`).

    Args:
        system: a model with ``embed`` and ``recurrent`` (:class:`Network`); ``nn.RNN``, ``GRU``, ``LSTM``
            or one of their cells; a :class:`Cell`; any function ``step(state, x) -> state`` on tensors
            ``(batch, n)``; or a list of those as a stack, layer 1 first.
        inputs: ``(time, batch, ...)``; ``(batch, time, ...)`` for a ``batch_first`` module given alone;
            ``(time, features)`` for one sequence; a packed sequence. Tokens for a model, which embeds them.
            None, with ``steps``, for a map without input.
        initial_state: ``(batch, n)`` in the stated order (see :func:`layer_order`), or the module's own
            ``h`` or ``(h, c)``, for a stack a list of its layers'; zeros if None.
        conventions: the choices from ``state`` to ``floor`` in one record, such as those of another
            spectrum; what is given besides takes its place.
        preset: ``paper`` gives the published conventions to what is left out; an RHN's run forward, since
            its published Jacobian is transposed already.
        state: ``full`` (the whole state, h and c; default) or ``hidden`` (h alone, c held fixed), which
            published numbers and a search take.
        direction: ``forward`` (default), the spectrum of the driven system, or ``adjoint``, that of the
            reversed products, which published numbers show.
        layerwise: None (default) or True goes layer by layer; False takes the whole state: the same numbers.
        k: follow the first k columns only, in each layer (layerwise) or of the whole state; default all.
        warmup: steps before counting; they consume their inputs and end in a QR each; default 0.
        steps: steps to count; None (default) counts all that the inputs give.
        log_base: unit of the exponents; e for nats (default), 2 for bits.
        warmup_qr: False leaves out the QR in the warm-up except for the last one.
        rewind: True feeds the counted steps from the first input again.
        qr_interval: steps between two QR; above 1 is faster and spoils the smallest exponents; default 1.
        floor: nats per step below which a logarithm is cut (a dead unit's is minus infinity), or None;
            default -16.
        dtype: type to compute in; None is the weights' own. Logarithms are summed in float64 always.
        mask: ``(time, batch)``, False where a sequence has no input (ragged batches). Such a step is
            left out altogether; ``warmup`` and ``steps`` count each sequence's own steps.
        start: the ``end`` of another spectrum of the same system, to go on from its state and Q.
        jacobian: ``closed`` uses closed forms and cells' own Jacobians, ``automatic`` only torch.func.
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

    Warns:
        RuntimeWarning: Jacobians lost rank by their inputs, so that some exponents are set by rounding.
    """
    given = _given(
        state=state,
        direction=direction,
        layerwise=layerwise,
        k=k,
        warmup=warmup,
        steps=steps,
        log_base=log_base,
        warmup_qr=warmup_qr,
        rewind=rewind,
        qr_interval=qr_interval,
        floor=floor,
    )
    system = plain(system)
    with nullcontext() if differentiable else torch.no_grad(), evaluating(system):
        source = laid_out(source_of(system, inputs))
        recurrent, inputs = source.system, source.inputs
        mask = source.mask if mask is None else mask
        chosen = chosen_conventions(conventions, preset, given, recurrent)
        _check_flags(jacobian, mask, chosen, start, initial_state)
        options = StackOptions(
            full=chosen.state == "full",
            dtype=dtype,
            keep_graph=differentiable,
            automatic=jacobian == "automatic",
        )
        begin = start.state if start is not None else initial_state
        begin = source.state if begin is None else begin
        layers = build_layers(recurrent, options, begin)
        structures, unknown = survey_weights(layers)
        if any(own is not None for own in structures) and not any(
            isinstance(layer, GenericLayer) for layer in layers
        ):
            # what is left of a singular Jacobian wants the digits
            options = replace(options, dtype=torch.float64)
            layers = build_layers(recurrent, options, begin)
        inputs, begin = one_sequence(layers, inputs, begin)
        inputs, zero = prepared(layers, inputs, begin, options.dtype)
        order = layer_order(len(layers), chosen.direction)
        states = initial_states(recurrent, layers, begin, order, zero)
        phases, active = _phases(chosen, inputs, mask)
        walk = Walk(layers, states)
        structures = survey(walk, structures, unknown, inputs, phases, active, chosen.k)
        maker = StrandMaker(
            layers,
            chosen,
            zero,
            start,
            ragged=mask is not None,
            differentiable=differentiable,
            running=running,
        )
        blocks = maker.blocks(structures, order)
        recursion = Recursion(walk, blocks, order if chosen.layerwise is False else None)
        _run(recursion, inputs, phases, active, chosen.warmup)
        return make_record(recursion, layers, order, chosen, running=running, keep_end=keep_end)


def _given(**arguments: Any) -> dict[str, Any]:
    """The conventions that were given; None stands for the default where it means nothing of its own."""
    return {
        name: value
        for name, value in arguments.items()
        if value is not LEFT_OUT and not (value is None and name in ("warmup_qr", "rewind"))
    }


def _phases(
    chosen: Conventions, inputs: Tensor | None, mask: Tensor | None
) -> tuple[list[Phase], Tensor | None]:
    """The stretches of time to run, and for ragged sequences which steps each of them has."""
    if mask is None:
        return plan(chosen, None if inputs is None else len(inputs)), None
    active = _active(mask, inputs, chosen)
    return [Phase(0, len(active), counted=True, qr_every=1)], active


def _run(
    recursion: Recursion, inputs: Tensor | None, phases: list[Phase], active: Tensor | None, warmup: int
) -> None:
    if active is not None:
        assert inputs is not None, "a mask says which of the inputs count"
        recursion.run_masked(inputs, active, warmup)
        return
    for phase in phases:
        recursion.run_phase(inputs, phase)


def _active(mask: Tensor, inputs: Tensor | None, conventions: Conventions) -> Tensor:
    """Which steps each sequence takes: those of the mask up to the last that counts."""
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
    mask = mask.to(inputs.device)
    if conventions.steps is None:
        return mask
    return mask & (mask.long().cumsum(dim=0) <= conventions.warmup + conventions.steps)


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
