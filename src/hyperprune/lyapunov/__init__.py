"""Lyapunov spectra of recurrent networks and other driven maps, usable without the rest of hyperprune.

Notation, for a state s(t) = F(s(t-1), x(t)) of n entries, b sequences and k columns followed:

| sign | meaning | shape |
| --- | --- | --- |
| s | state: h before c within a layer; top layer first (forward) or layer 1 first (adjoint) | (b, n) |
| J | Jacobian dF/ds, ``J[b, i, j] = d s_i(t) / d s_j(t-1)`` | (b, n, n) |
| Q | orthonormal columns; Q(0) is the first k columns of the identity | (b, n, k) |
| Z | J Q, or J' Q in the adjoint direction (' is the transpose) | (b, n, k) |
| R | upper triangular with positive diagonal, Z = Q R; the new Q is the next step's | (b, k, k) |
| exponents | mean of log R_ii over counted steps, float64; layer 1 first, then by column | (b, k) |

Units: natural logarithms per step (nats/step) unless ``log_base`` says otherwise; distances are always
in nats. Inputs are ``(time, batch, ...)``, those of a bare ``batch_first`` module in its own layout.
Sources: Benettin et al., Meccanica 15, 1980; Vogt, Puelma Touzel, Shlizerman, Lajoie, Front. Appl. Math.
Stat., 2022; conventions of published numbers (preset ``paper``): Zheng and Shlizerman, arXiv 2506.07975.
The guide is docs/lyapunov.md.

Public names:

* ``spectrum(system, inputs, ...) -> Spectrum``: the exponents.
* ``Spectrum``, ``Position``, ``Conventions``: records; ``SpectrumFileError`` of ``Spectrum.load``.
* ``Network``, ``Cell``: what a model or a cell offers, by structure.
* ``distance``, ``distance_tensor``: l2 and wasserstein; the tensor keeps derivatives.
* ``distance_interval``, ``compare``: how sure a distance, or a difference of two, is; ``Interval``,
  ``Comparison``.
* ``drive``: what reaches the recurrent module inside a network when it runs, as a ``Driven``, which has
  ``first(steps, sequences)`` and ``spectrum(...)``; ``last_hidden``: the hidden states that it ends in.
* ``windows``: chosen windows of a stream as a batch.
* ``layer_order``: the order of the layers in a flat state; ``STATES``, ``DIRECTIONS``: known choices.
"""

from hyperprune.lyapunov.compute import spectrum
from hyperprune.lyapunov.contract import Cell, Network
from hyperprune.lyapunov.conventions import DIRECTIONS, STATES, Conventions
from hyperprune.lyapunov.distances import distance, distance_tensor
from hyperprune.lyapunov.driven.driving import Driven, drive, recurrent_module
from hyperprune.lyapunov.driven.last_states import last_hidden
from hyperprune.lyapunov.record import Position, Spectrum
from hyperprune.lyapunov.resampling import Comparison, Interval, compare, distance_interval
from hyperprune.lyapunov.states import layer_order
from hyperprune.lyapunov.storage import SpectrumFileError
from hyperprune.lyapunov.windows import windows

__all__ = [
    "DIRECTIONS",
    "STATES",
    "Cell",
    "Comparison",
    "Conventions",
    "Driven",
    "Interval",
    "Network",
    "Position",
    "Spectrum",
    "SpectrumFileError",
    "compare",
    "distance",
    "distance_interval",
    "distance_tensor",
    "drive",
    "last_hidden",
    "layer_order",
    "recurrent_module",
    "spectrum",
    "windows",
]
