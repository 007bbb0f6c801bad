"""Two processes on loopback end with the same masks, the same weights and the exact count."""

import gc
import socket
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.distributed.nn.functional  # before there is a group: its default arguments would keep it
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD

from hyperprune.sparsity import SparseTraining

RULES = [("random", "threshold"), ("gradient", "magnitude"), ("momentum", "global_magnitude")]


def _process(rank: int, port: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    states = {f"{growth}, {death}": _train(rank, growth, death) for growth, death in RULES}
    states["apart"] = _train_apart(rank)
    states["blocks"] = _train_blocks(rank)
    torch.save(states, Path(folder) / f"{rank}.pt")
    gc.collect()  # a DistributedDataParallel that still holds the group would keep gloo's threads alive,
    dist.destroy_process_group()  # and a thread that frees a tensor while Python ends aborts the process
    assert not _gloo_threads()


def _gloo_threads() -> list[str]:
    """Those of this process, where Linux lists them."""
    return [name for task in Path("/proc/self/task").glob("*/comm") if "gloo" in (name := task.read_text())]


def _train(rank: int, growth: str, death: str) -> dict[str, object]:
    torch.manual_seed(rank)  # weights differ until DistributedDataParallel shares the first process's
    network = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 4))
    model = DistributedDataParallel(network)
    sparse = SparseTraining(
        model,
        SGD(model.parameters(), lr=0.1, momentum=0.9),
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
    first = {name: mask.clone() for name, mask in sparse.masks.items()}
    for step in range(9):
        data = torch.randn(8, 6, generator=torch.Generator().manual_seed(100 * rank + step))
        model.zero_grad()
        model(data).square().mean().backward()
        sparse.clip_grad_norm_(0.25)
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live() == 36
    assert any(not torch.equal(first[name], mask) for name, mask in sparse.masks.items())
    return {"sparse": sparse.state_dict(), "model": network.state_dict()}


def _train_apart(rank: int) -> dict[str, object]:
    """Weights and gradients of its own in each process: only the masks are shared."""
    torch.manual_seed(rank)
    network = nn.Linear(6, 9)
    sparse = SparseTraining.from_method(
        "dsr", network, SGD(network.parameters(), lr=0.1), density=0.4, death_rate=0.5, update_interval=1
    )
    for _ in range(9):
        network.weight.grad = torch.randn_like(network.weight)
        sparse.step()
        assert int(sparse.masks["weight"].sum()) == sparse.live() == 22
    return {"sparse": sparse.state_dict()}


def _train_blocks(rank: int) -> dict[str, object]:
    """Blocks and the single weights of an embedding, each with a threshold of its own."""
    torch.manual_seed(rank)
    network = nn.ModuleList([nn.Embedding(9, 6), nn.Linear(8, 32)])
    optimizer = SGD(network.parameters(), lr=0.1)
    rules = {"pattern": "8x4", "death": "threshold", "update_interval": 1}
    sparse = SparseTraining(network, optimizer, density=0.5, **rules)  # type: ignore[arg-type]
    for _ in range(9):
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)
        sparse.step()
        blocks = sparse.masks["1.weight"].view(4, 8, 2, 4)
        assert torch.equal(blocks.any(3).any(1), blocks.all(3).all(1))
        assert [int(mask.sum()) for mask in sparse.masks.values()] == [27, 128]
    assert set(sparse.state_dict()["memory"]) == {"threshold", "1:threshold"}
    return {"sparse": sparse.state_dict()}


def test_all_processes_have_the_same_masks(tmp_path: Path) -> None:
    if not dist.is_gloo_available():
        pytest.skip("this build of torch has no gloo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mp.spawn(_process, args=(port, str(tmp_path)), nprocs=2)
    one, two = (_flat(torch.load(tmp_path / f"{rank}.pt", weights_only=True)) for rank in (0, 1))
    assert "random, threshold/sparse/masks/0.weight" in one  # names are those of the network inside
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert torch.equal(value, two[name]) if isinstance(value, torch.Tensor) else value == two[name], name


def _flat(state: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in state.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
