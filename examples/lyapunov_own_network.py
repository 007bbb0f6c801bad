"""The spectrum of your own network before and after pruning, and whether the change is more than noise.

python examples/lyapunov_own_network.py
"""

import torch
from torch import nn

from hyperprune import lyapunov


def main() -> None:
    torch.manual_seed(0)
    dense = nn.GRU(8, 24, num_layers=2)
    inputs = torch.randn(60, 10, 8)  # (time, sequences, features)

    def pruned(density: float) -> nn.GRU:
        network = nn.GRU(8, 24, num_layers=2)
        network.load_state_dict(dense.state_dict())
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if name.startswith("weight"):
                    threshold = weight.abs().quantile(1 - density)
                    weight.mul_(weight.abs() > threshold)
        return network

    reference = lyapunov.spectrum(dense, inputs, warmup=10)
    print(f"dense: largest {reference.largest:.3f} {reference.unit}, layers {reference.layer_sizes}")
    spectra = {density: lyapunov.spectrum(pruned(density), inputs, warmup=10) for density in (0.9, 0.5, 0.2)}
    for density, spectrum in spectra.items():
        found = lyapunov.distance_interval(spectrum, reference)
        print(f"density {density}: distance {found.distance:.3f} nats, {found.low:.3f} to {found.high:.3f}")
    verdict = lyapunov.compare(spectra[0.9], spectra[0.2], reference)
    closer = {"a": "density 0.9", "b": "density 0.2", None: "not distinguishable"}[verdict.closer]
    print(f"closer to the dense network: {closer}")


if __name__ == "__main__":
    main()
