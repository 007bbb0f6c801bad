"""Numbers that published code gives for given weights and inputs (``published.json`` names code and commit).

The file holds numbers alone. Each network trains one epoch of truncated backpropagation by SGD with clipping,
then reads the text once more without training, in float64; the starting weights are a formula.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hyperprune.corpora import windows
from hyperprune.models import AWDLSTM, ONLSTM, RHN, AWDLSTMMoS, Dropouts, StackedLSTM
from hyperprune.optim import AveragedSGD
from hyperprune.sparsity import SparseTraining
from hyperprune.sparsity.decay import DECAY
from hyperprune.tasks.text.language_modelling import mean_loss

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parent / "published.json").read_bytes())
TYPES = PUBLISHED["types"]
TEXT = torch.tensor(PUBLISHED["text"])
NONE = Dropouts()


def _on_lstm_rows(units: int, chunk: int) -> Tensor:
    """Where our rows (two master gates, i, f, o, g) stand in the published order (o, g, i, f after these)."""
    masters = 2 * units // chunk
    gate = torch.arange(units)
    order = [masters + gate + units * place for place in (2, 3, 0, 1)]
    return torch.cat([torch.arange(masters), *order])


NETWORKS: dict[str, tuple[nn.Module, list[tuple[str, str]], float]] = {
    "stacked-lstm": (
        StackedLSTM(TYPES, embedding=6, hidden=5, layers=2),
        [("encoder.", "embedding."), ("rnn.", "recurrent.")],
        1e-12,
    ),
    "rhn": (
        RHN(TYPES, embedding=5, hidden=5, depth=3),
        [
            ("rnns.0.highways.0.W.weight", "recurrent.weight_ih"),
            ("rnns.0.highways.0.W.bias", "recurrent.bias_ih"),
        ]
        + [
            (f"rnns.0.highways.{d}.R.{kind}", f"recurrent.{kind}_hh_d{d}")
            for d in range(3)
            for kind in ("weight", "bias")
        ]
        + [("fc1.", "decoder.")],
        1e-12,
    ),
    "on-lstm": (
        ONLSTM(TYPES, embedding=4, sizes=(6, 6, 4), chunk=2, dropouts=NONE),
        [("mm.encoder.", "embedding."), ("mm.decoder.", "decoder.")]
        + [
            (f"mm.rnn.cells.{layer}.{way}.{kind}", f"recurrent.{layer}.{kind}_{way[:2]}")
            for layer in range(3)
            for way in ("ih.0", "hh")
            for kind in ("weight", "bias")
        ],
        1e-12,
    ),
    "awd-lstm": (
        AWDLSTM(TYPES, embedding=4, sizes=(6, 6, 6), dropouts=NONE, tied=False),
        [("mm.encoder.", "embedding."), ("mm.rnns.", "recurrent."), ("mm.decoder.", "decoder.")],
        1e-12,
    ),
    # the published mixture adds 1e-8 to its probabilities before the logarithm
    "awd-lstm-mos": (
        AWDLSTMMoS(TYPES, embedding=4, sizes=(6, 5), experts=3, dropouts=NONE),
        [("encoder.", "embedding."), ("rnns.", "recurrent."), ("latent.0.", "latent.")],
        1e-6,
    ),
}


def _ours(theirs: str, renamed: list[tuple[str, str]]) -> str:
    for old, new in renamed:
        if theirs.startswith(old):
            return new + theirs.removeprefix(old)
    return theirs


def _rows(kind: str, name: str, parameter: Tensor) -> Tensor:
    """Our order of rows in theirs, where it differs."""
    if kind == "on-lstm" and name.startswith("recurrent."):
        return _on_lstm_rows(4 if name.startswith("recurrent.2.") else 6, 2)
    return torch.arange(len(parameter))


@pytest.mark.parametrize("kind", PUBLISHED["networks"])
def test_one_epoch_of_training_and_evaluation(kind: str) -> None:
    published = PUBLISHED["networks"][kind]
    network, renamed, tolerance = NETWORKS[kind]
    network = network.double()
    own = dict(network.named_parameters())
    names = [_ours(name, renamed) for name in published["names"]]
    assert set(names) == set(own), "every weight has its counterpart"
    with torch.no_grad():
        for k, name in enumerate(names):
            entries = torch.arange(own[name].numel(), dtype=torch.float64)
            theirs = (0.4 * torch.sin(1.7 * entries + k)).view_as(own[name])
            own[name].copy_(theirs[_rows(kind, name, own[name])])
    optimizer = torch.optim.SGD(network.parameters(), lr=PUBLISHED["learning_rate"])
    network.train()
    state, losses = None, []
    for inputs, targets in windows(TEXT, PUBLISHED["bptt"]):
        optimizer.zero_grad()
        scores, state = network(inputs, state)
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), PUBLISHED["clip"])
        optimizer.step()
        losses.append(loss.item())
        state = _detached(state)
    assert losses == pytest.approx(published["train_losses"], rel=tolerance)
    network.eval()
    assert mean_loss(network, TEXT, PUBLISHED["bptt"]) == pytest.approx(
        published["evaluation"], rel=tolerance
    )
    for name, (total, squares) in zip(names, published["after"], strict=True):
        weight = own[name].detach()
        assert float(weight.sum()) == pytest.approx(total, rel=tolerance * 10, abs=tolerance * 10), name
        assert float(weight.square().sum()) == pytest.approx(squares, rel=tolerance * 10), name


def _detached(state: Any) -> Any:
    if isinstance(state, Tensor):
        return state.detach()
    return type(state)(_detached(part) for part in state)


def test_death_rates_fall_as_published() -> None:
    for step, rate in PUBLISHED["death_rates"]["rates"]:
        assert DECAY["cosine"].rate(0.7, step / 1000) == pytest.approx(rate, abs=1e-9)


@pytest.mark.parametrize("case", PUBLISHED["er"]["cases"], ids=lambda case: str(case["density"]))
def test_er_counts_are_those_expected_of_the_published_masks(case: dict[str, Any]) -> None:
    """Theirs are means of random counts, whose search for epsilon ends 1 % beside the total; ours exact."""
    weights = nn.ParameterDict({f"w{k}": torch.zeros(*shape) for k, shape in enumerate(case["shapes"])})
    sparse = SparseTraining(
        weights,
        torch.optim.SGD(weights.parameters(), lr=1.0),
        density=case["density"],
        sparse_init="er",
        death_rate=0.0,
    )
    counts = [int(sparse.masks[f"w{k}"].sum()) for k in range(len(weights))]
    total = sum(math.prod(shape) for shape in case["shapes"])
    assert sum(counts) == math.floor(case["density"] * total + 0.5)
    theirs = case["expected_counts"]
    assert sum(theirs) == pytest.approx(sum(counts), rel=0.01)
    shares = [count * sum(counts) / sum(theirs) for count in theirs]
    assert counts == pytest.approx(shares, abs=1), "the same shares, to the rounding of a count"


def test_averages_of_masked_weights() -> None:
    """An average begins anew where a weight grows, and is of live weights alone."""
    published = PUBLISHED["averages"]
    module = nn.Module()
    entries, few = torch.arange(12.0, dtype=torch.float64), torch.arange(4.0, dtype=torch.float64)
    module.weight = nn.Parameter((0.4 * torch.sin(1.7 * entries)).view(3, 4))
    module.bias = nn.Parameter(0.1 * torch.cos(few))
    optimizer = AveragedSGD(
        module.parameters(), published["lr"], published["weight_decay"], nonmonotone=1, restart=True
    )
    for loss in (1.0, 1.0, 2.0):
        optimizer.observe(loss)
    assert optimizer.averaging
    before = torch.zeros(3, 4, dtype=torch.bool)
    for number, step in enumerate(published["steps"]):
        mask = torch.tensor(step["mask"]).bool()
        with torch.no_grad():
            module.weight.mul_(mask)
        optimizer.topology_changed(module.weight, mask, mask & ~before)
        before = mask
        module.weight.grad = torch.cos(0.9 * entries + number).view(3, 4)
        module.bias.grad = torch.sin(few + number)
        optimizer.step()
        with torch.no_grad():
            module.weight.mul_(mask)
        torch.testing.assert_close(module.weight.detach(), torch.tensor(step["weight"], dtype=torch.float64))
        average = torch.tensor(step["average"], dtype=torch.float64)
        torch.testing.assert_close(optimizer.average_of(module.weight), average, rtol=1e-12, atol=1e-14)
