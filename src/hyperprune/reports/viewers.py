"""The numbers behind the page's interactive figures, as JSON that is small enough for any run."""

import json
import math
from typing import Any

import torch
from torch import Tensor

from hyperprune.reports.density import densities
from hyperprune.reports.figures.density import short
from hyperprune.reports.findings import DENSE, Findings, NetworkRecord

_POINTS = 96  # of a spectrum, each layer
_SPECTRA = 600


def nothing_to_view() -> dict[str, Any]:
    """The data of a page without networks to choose from."""
    empty: dict[str, Any] = {name: {} for name in ("spectra", "distance", "origin", "dead", "density")}
    return {**empty, "networks": [], "sizes": [], "target": None}


def viewer_data(findings: Findings) -> dict[str, Any]:
    """What the page draws itself.

    ``networks`` is a list of name and standing, the leading one first; ``spectra`` holds, by network and
    epoch, one list a layer of exponents in nats a step, thinned to 96 points evenly spread over the index;
    ``origin`` the epoch of the dense network that some start from and are compared with; ``density`` one
    dictionary a network, by matrix and gate, an entry an epoch. Of a run with more than 600
    spectra, finalists and the dense network come first.
    """
    networks = sorted(findings.networks.values(), key=lambda n: _importance(findings, n.name))
    spectra: dict[str, dict[str, list[list[float]]]] = {}
    room = _SPECTRA
    for network in networks:
        by_epoch = findings.spectra.get(network.name, {})
        if by_epoch and len(by_epoch) <= room and findings.layer is not None:
            room -= len(by_epoch)
            layer = findings.layer
            spectra[network.name] = {str(e): _layers(mean, layer) for e, mean in by_epoch.items()}
    density = {}
    for network in networks:
        found = None if network.name == DENSE else densities(findings.sizes, network)
        if found is not None:
            density[network.name] = {
                short(matrix): {gate: [round(value, 4) for value in values] for gate, values in gates.items()}
                for matrix, gates in found.matrices.items()
            }
    return {
        "networks": [[n.name, n.standing] for n in networks],
        "sizes": [] if findings.layer is None else [int(size) for size in torch.bincount(findings.layer)[1:]],
        "spectra": spectra,
        "distance": {n.name: by for n in networks if (by := _distances(n))},
        "origin": {n.name: n.origin for n in networks if n.origin is not None},
        "dead": {name: {str(epoch): n for epoch, n in held.items()} for name, held in findings.dead.items()},
        "density": density,
        "target": findings.config.density,
    }


def as_script(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _distances(network: NetworkRecord) -> dict[str, float | None]:
    """LS distances by epoch."""
    known = {epoch: network.distance_at(epoch) for epoch in range(network.epochs + 1)}
    return {str(epoch): _finite(far) for epoch, far in known.items() if far is not None}


def _finite(distance: float) -> float | None:
    return round(distance, 4) if math.isfinite(distance) else None


def _importance(findings: Findings, name: str) -> tuple[int, int]:
    """Dense first, then the leading candidate, then those that trained longest."""
    if name == DENSE:
        return (-2, 0)
    if findings.leading is not None and findings.leading.name == name:
        return (-1, 0)
    return (0, int(name) - 1_000_000 * findings.networks[name].epochs)


def _layers(mean: Tensor, layer: Tensor) -> list[list[float]]:
    found = []
    for number in range(1, int(layer.max()) + 1):
        values = mean[layer == number]
        places = torch.linspace(0, len(values) - 1, min(_POINTS, len(values))).round().long()
        found.append([round(value, 3) for value in values[places].tolist()])
    return found
