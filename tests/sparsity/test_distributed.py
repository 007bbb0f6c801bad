"""Two processes on loopback end with the same masks, the same weights and the exact count."""

import socket
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD

from hyperprune.sparsity import SparseTraining


def _train(rank: int, port: int, growth: str, death: str, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    torch.manual_seed(rank)  # weights differ until DistributedDataParallel shares the first process's
    network = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 4))
    model = DistributedDataParallel(network)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    sparse = SparseTraining(
        model,
        optimizer,
        density=0.4,
        sparse_init="er",
        death=death,
        growth=growth,
        redistribution="momentum",
        death_rate=0.5,
        update_interval=2,
        total_steps=20,
        generator=torch.Generator().manual_seed(rank),  # even if seeded apart
    )
    for step in range(9):
        data = torch.randn(8, 6, generator=torch.Generator().manual_seed(100 * rank + step))
        model.zero_grad()
        model(data).square().mean().backward()
        sparse.clip_grad_norm_(0.25)
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live() == 36
    state = {"sparse": sparse.state_dict(), "model": network.state_dict()}
    torch.save(state, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.parametrize(
    ("growth", "death"),
    [("random", "threshold"), ("gradient", "magnitude"), ("momentum", "global_magnitude")],
)
def test_all_processes_have_the_same_masks(tmp_path: Path, growth: str, death: str) -> None:
    if not dist.is_gloo_available():
        pytest.skip("this build of torch has no gloo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mp.spawn(_train, args=(port, growth, death, str(tmp_path)), nprocs=2)
    one, two = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert list(one["sparse"]["masks"]) == ["0.weight", "2.weight"]  # names of the network inside
    for part in ("sparse", "model"):
        assert _flat(one[part]).keys() == _flat(two[part]).keys()
        for name, value in _flat(one[part]).items():
            other = _flat(two[part])[name]
            assert torch.equal(value, other) if isinstance(value, torch.Tensor) else value == other, name


def _flat(state: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in state.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
