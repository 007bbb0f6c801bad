"""All spectra of a run in the plane of their two largest principal components, a path for each network."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SpectralPaths:
    """Where each network's spectrum goes as it trains.

    Attributes:
        points: by network, ``(epoch, first coordinate, second coordinate)`` in nats a step, by epoch.
        shares: share of the variance of all spectra that each of the two components holds.
    """

    points: Mapping[str, tuple[tuple[int, float, float], ...]]
    shares: tuple[float, float]


def spectral_paths(spectra: Mapping[str, Mapping[int, Tensor]]) -> SpectralPaths | None:
    """Principal component analysis of all spectra, of every network and epoch, index by index.

    Args:
        spectra: mean exponents ``(n,)`` by network and epoch.

    Returns:
        None if there are fewer than three spectra. A component's sign is that which makes its entry of
        largest magnitude positive, so that the same spectra give the same picture.
    """
    labels = [(name, epoch) for name, by_epoch in spectra.items() for epoch in sorted(by_epoch)]
    if len(labels) < 3:
        return None
    table = torch.stack([spectra[name][epoch].double() for name, epoch in labels])
    centred = table - table.mean(dim=0)
    _, singular, directions = torch.linalg.svd(centred, full_matrices=False)
    largest = directions[:2].abs().argmax(dim=1, keepdim=True)
    directions = directions[:2] * directions[:2].gather(1, largest).sign()
    places = (centred @ directions.T).tolist()
    variance = singular.square()
    total = float(variance.sum()) or 1.0
    points: dict[str, list[tuple[int, float, float]]] = {name: [] for name in spectra}
    for (name, epoch), (first, *rest) in zip(labels, places, strict=True):
        points[name].append((epoch, first, rest[0] if rest else 0.0))
    shares = (float(variance[0]) / total, float(variance[1]) / total if len(variance) > 1 else 0.0)
    return SpectralPaths({name: tuple(path) for name, path in points.items() if path}, shares)
