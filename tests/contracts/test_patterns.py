"""What every pattern promises, with every rule: whole blocks, exact counts, nothing across a gate."""

import hashlib
import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import (
    CRITERION,
    DEATH,
    GROWTH,
    PATTERN,
    REDISTRIBUTION,
    SPARSE_INIT,
    PruningVariant,
    SparseTraining,
    taylor_scores,
)

BLOCKS = [name for name in PATTERN if PATTERN[name].block is not None]
UNSIGNED = [name for name in DEATH if not DEATH[name].signed]


class Reader(nn.Module):
    """32 tokens, 16 features, two layers of 32 units, 48 answers: what every pattern divides."""

    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, *, tied: bool = False) -> None:
        super().__init__()
        self.encoder = nn.Embedding(48, 32 if tied else 16)
        self.rnn = kind(32 if tied else 16, 32, 2)
        self.decoder = nn.Linear(32, 48)
        if tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.decoder(self.rnn(self.encoder(tokens))[0])


def backward(model: nn.Module, step: int) -> None:
    tokens = torch.randint(48, (5, 3), generator=torch.Generator().manual_seed(step))
    model.zero_grad()
    nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(1, 0).flatten()).backward()


def sparse(model: nn.Module, *, momentum: float = 0.9, **rules: object) -> SparseTraining:
    optimizer = SGD(model.parameters(), lr=0.1, momentum=momentum)
    given = {"density": 0.3, "update_interval": 1, "total_steps": 12, **rules}
    return SparseTraining(model, optimizer, **given)  # type: ignore[arg-type]


def steps(training: SparseTraining, model: nn.Module, count: int = 8) -> Iterator[int]:
    for step in range(count):
        backward(model, step)
        training.step()
        yield step


def whole_blocks(mask: Tensor, pattern: str) -> int:
    """Live blocks of a mask; fails where one is torn."""
    block = PATTERN[pattern].block
    assert block is not None
    tall, broad = block
    rows, columns = mask.shape
    cut = mask.view(rows // tall, tall, columns // broad, broad)
    live = cut.all(dim=3).all(dim=1)
    assert torch.equal(live, cut.any(dim=3).any(dim=1))
    return int(live.sum())


def live_of(training: SparseTraining, pattern: str) -> tuple[int, int]:
    """Live blocks of the matrices in blocks, and live weights of the embedding."""
    masks = training.masks
    blocks = sum(whole_blocks(mask, pattern) for name, mask in masks.items() if name != "encoder.weight")
    return blocks, int(masks["encoder.weight"].sum())


def expected(model: nn.Module, pattern: str, density: float) -> tuple[int, int]:
    """floor(D * B + 0.5) of both."""
    block = PATTERN[pattern].block
    assert block is not None
    weights = sum(
        p.numel() for name, p in model.named_parameters() if p.dim() > 1 and name != "encoder.weight"
    )
    blocks = weights / (block[0] * block[1])
    return math.floor(density * blocks + 0.5), math.floor(density * model.encoder.weight.numel() + 0.5)  # type: ignore[operator, union-attr]


# masks after eight steps and the keys of variants, as the version before patterns gave them
BEFORE = {
    "selfish": ({}, "4202a83b16bdcfe0"),
    "set": ({"sparse_init": "er", "death": "set", "redistribution": "nonzeros"}, "891256184a5b3cf9"),
    "dsr": ({"death": "threshold", "redistribution": "magnitude"}, "d5b400ee791a355f"),
    "snfs": ({"growth": "momentum", "redistribution": "momentum"}, "a89ae88be8461b61"),
    "rigl": (
        {"growth": "gradient", "death": "global_magnitude", "update_replaces_step": True},
        "9da7c70a66017879",
    ),
    "gradual": (
        {
            "density_schedule": "gradual",
            "schedule_span": (0.0, 0.5),
            "death_rate": 0,
            "death": "global_magnitude",
        },
        "fe6f013851211a76",
    ),
}


@pytest.mark.parametrize("name", BEFORE)
def test_single_weights_give_the_masks_of_before(name: str) -> None:
    rules, digest = BEFORE[name]
    torch.manual_seed(0)
    model = Reader()
    model.encoder, model.rnn, model.decoder = nn.Embedding(11, 6), nn.LSTM(6, 6, 2), nn.Linear(6, 11)
    torch.manual_seed(0)
    for module in (model.encoder, model.rnn, model.decoder):
        module.reset_parameters()
    training = sparse(model, pattern="1x1", **rules)
    for step in range(8):
        tokens = torch.randint(11, (5, 3), generator=torch.Generator().manual_seed(step))
        model.zero_grad()
        nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(1, 0).flatten()).backward()
        training.step()
    bits = b"".join(mask.to(torch.uint8).numpy().tobytes() for mask in training.masks.values())
    assert hashlib.sha256(bits).hexdigest()[:16] == digest


def test_the_key_of_single_weights_is_that_of_before() -> None:
    variant = PruningVariant(density=0.3, pattern="1x1", keep_diagonal=False, gate_densities=())
    assert variant.key() == (
        '{"death":"magnitude","death_rate":0.5,"decay":"cosine","densities":[],"density":0.3,"exclude":[],'
        '"growth":"random","ramp":null,"redistribution":"none","share_budget":[],"sparse_init":"uniform",'
        '"update_interval":"epoch"}'
    )
    assert "pattern" not in variant.to_dict()
    other = PruningVariant(density=0.3, pattern="16x1", keep_diagonal=True, gate_densities={"new": 0.5})
    assert PruningVariant.from_dict(other.to_dict()) == other
    assert other.key() != variant.key()


@pytest.mark.parametrize("redistribution", REDISTRIBUTION)
@pytest.mark.parametrize("growth", GROWTH)
@pytest.mark.parametrize("death", UNSIGNED)
@pytest.mark.parametrize("pattern", BLOCKS)
def test_blocks_stay_whole_and_their_number_exact(
    pattern: str, death: str, growth: str, redistribution: str
) -> None:
    model = Reader()
    training = sparse(model, pattern=pattern, death=death, growth=growth, redistribution=redistribution)
    first = {name: mask.clone() for name, mask in training.masks.items()}
    wanted = expected(model, pattern, 0.3)
    assert live_of(training, pattern) == wanted
    for _ in steps(training, model):
        if pattern == "1x1":
            assert training.live() == math.floor(0.3 * sum(m.numel() for m in training.masks.values()) + 0.5)
        else:
            assert live_of(training, pattern) == wanted
        assert training.live() == sum(int(mask.sum()) for mask in training.masks.values())
        assert all(not model.get_parameter(n)[~mask].any() for n, mask in training.masks.items())
    assert any(not torch.equal(first[name], mask) for name, mask in training.masks.items())


@pytest.mark.parametrize("sparse_init", SPARSE_INIT)
@pytest.mark.parametrize("criterion", CRITERION)
@pytest.mark.parametrize("pattern", BLOCKS)
def test_first_masks_are_whole_blocks(pattern: str, criterion: str, sparse_init: str) -> None:
    model = Reader()
    rules: dict[str, object] = {"criterion": criterion, "sparse_init": sparse_init}
    if CRITERION[criterion].overall:
        rules.pop("sparse_init")
    if CRITERION[criterion].needs_scores:
        tokens = torch.randint(48, (5, 3))
        losses = (nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()) for _ in "a")
        rules["scores"] = taylor_scores(model, losses)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    training = sparse(model, pattern=pattern, death_rate=0, **rules)
    total = sum(live_of(training, pattern))
    if sparse_init == "uniform" and pattern != "1x1":
        assert live_of(training, pattern) == expected(model, pattern, 0.3)
    assert total > 0
    assert training.density() == pytest.approx(0.3, abs=0.01)
    for name, mask in training.masks.items():
        assert torch.equal(model.get_parameter(name), before[name] * mask)
    if criterion == "magnitude":  # a block that lives has the larger sum
        mask, weight = training.masks["rnn.weight_hh_l0"], before["rnn.weight_hh_l0"].abs()
        tall, broad = PATTERN[pattern].block or (1, 1)
        sums = weight.view(128 // tall, tall, 32 // broad, broad).sum((1, 3))
        live = mask.view(128 // tall, tall, 32 // broad, broad).all(3).all(1)
        assert sums[live].min() > sums[~live].max()


@pytest.mark.parametrize("death", [name for name in UNSIGNED if DEATH[name].follows_schedule])
@pytest.mark.parametrize("schedule", ["gradual", "one_shot"])
@pytest.mark.parametrize("pattern", BLOCKS)
def test_schedules_remove_whole_blocks(pattern: str, schedule: str, death: str) -> None:
    model = Reader()
    span = (0.0, 0.5) if schedule == "gradual" else (0.5, 0.5)
    rules = {"density_schedule": schedule, "schedule_span": span, "death": death, "death_rate": 0}
    training = sparse(model, pattern=pattern, **rules)
    assert training.density() == 1
    for step in steps(training, model, 11):
        density = training.variant.density_at(step / 12) if step else 1.0
        assert pattern == "1x1" or live_of(training, pattern) == expected(model, pattern, density)
    assert training.density() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_no_block_lies_across_two_gates(kind: type[nn.RNNBase]) -> None:
    model = Reader(kind)
    training = sparse(model, pattern="16x1", growth="gradient", death="global_magnitude")
    for _ in steps(training, model):
        for name, mask in training.masks.items():
            if name.startswith("rnn"):
                for gate in mask.split(32):
                    whole_blocks(gate, "16x1")


def test_sizes_that_blocks_do_not_divide_are_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigurationError, match=r"in each gate of weight_ih_l0: .* or exclude weight_ih_l0"):
        sparse(nn.LSTM(16, 24), pattern="16x1")
    with pytest.raises(ConfigurationError, match=r"got 32 rows and 6 columns in each gate of weight_ih_l0"):
        sparse(nn.LSTM(6, 32), pattern="8x4")
    model = nn.Sequential(nn.Linear(16, 32), nn.Linear(32, 10))
    with pytest.raises(ConfigurationError, match=r"got 10 rows and 32 columns in 1\.weight"):
        sparse(model, pattern="16x1")
    assert set(sparse(model, pattern="16x1", exclude=["1"]).masks) == {"0.weight"}
    # 96 rows are six times sixteen, but each of the four gates has 24
    assert sparse(nn.Linear(16, 96), pattern="16x1").live() == 16 * math.floor(0.3 * 96 + 0.5)


@pytest.mark.parametrize("pattern", [name for name in BLOCKS if name != "1x1"])
def test_a_rule_of_signs_makes_no_sense_for_blocks(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="death 'set' goes by the signs of weights"):
        PruningVariant(density=0.3, pattern=pattern, death="set")
    PruningVariant(density=0.3, pattern=pattern, death="set", death_rate=0)  # nobody dies


def test_an_unknown_pattern_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"16x1.*8x4"):
        PruningVariant(density=0.3, pattern="16x2")


def test_a_tied_matrix_is_a_lookup_and_stays_single() -> None:
    model = Reader(tied=True)
    training = sparse(model, pattern="16x1")
    mask = training.masks["encoder.weight"]
    torn = mask.view(3, 16, 32)
    assert bool((torn.any(dim=1) & ~torn.all(dim=1)).any())
    assert int(mask.sum()) == math.floor(0.3 * mask.numel() + 0.5)


@pytest.mark.parametrize("pattern", PATTERN)
def test_a_state_goes_on_bit_for_bit_and_torn_masks_are_refused(pattern: str) -> None:
    def make() -> tuple[nn.Module, SparseTraining]:
        torch.manual_seed(3)
        model = Reader()
        rules: dict[str, object] = {"death": "threshold"}
        if not PATTERN[pattern].grows:
            rules = {"density_schedule": "gradual", "schedule_span": (0.0, 0.75), "death_rate": 0}
        return model, sparse(model, momentum=0, pattern=pattern, **rules)

    model, training = make()
    for _ in steps(training, model, 4):
        pass
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    state = training.state_dict()
    twin, other = make()
    other.load_state_dict(state)
    twin.load_state_dict(weights)
    for step in range(4, 9):
        for network, run in ((model, training), (twin, other)):
            backward(network, step)
            run.step()
    assert all(torch.equal(training.masks[name], mask) for name, mask in other.masks.items())
    assert all(torch.equal(value, twin.state_dict()[name]) for name, value in model.state_dict().items())
    if pattern != "1x1":
        mask = state["masks"]["rnn.weight_hh_l0"]
        live, dead = mask.nonzero()[0], (~mask).nonzero()[0]
        mask[tuple(live)], mask[tuple(dead)] = False, True
        with pytest.raises(Exception, match="the state is damaged"):
            make()[1].load_state_dict(state)


@pytest.mark.parametrize("pattern", [name for name in BLOCKS if name != "1x1"])
def test_given_densities_leave_the_total_exact_and_impossible_ones_are_refused(pattern: str) -> None:
    model = Reader()
    training = sparse(model, pattern=pattern, densities={"decoder": 0.75, "encoder": 0.5})
    block = PATTERN[pattern].block
    assert block is not None
    area = block[0] * block[1]
    assert whole_blocks(training.masks["decoder.weight"], pattern) == 0.75 * 48 * 32 / area
    assert int(training.masks["encoder.weight"].sum()) == 0.5 * 48 * 16
    total = sum(mask.numel() for mask in training.masks.values())
    assert abs(training.live() - 0.3 * total) <= area
    for densities in ({"rnn": 0.9}, {"rnn": 0.01}, {"*": 0.5}):  # too much, too little, all of them
        with pytest.raises(ConfigurationError, match="change the density or the densities"):
            sparse(Reader(), pattern=pattern, densities=densities)
    two = nn.ModuleList([nn.Embedding(3, 3), nn.Embedding(3, 3), nn.Linear(16, 16)])
    both = sparse(two, pattern=pattern, densities={"0": 0.5, "1": 0.5})  # 4.5 of 9 twice: 5 and 5
    assert [int(both.masks[f"{n}.weight"].sum()) for n in (0, 1)] == [5, 5]
