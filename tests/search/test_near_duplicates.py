"""Laws of near duplicates: Datar et al. 2004 for the hash, a ranking for who is left out."""

import math

import pytest
import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.search.metrics import near_duplicates
from hyperprune.search.metrics.near_duplicates import (
    CELL,
    FUNCTIONS,
    TABLES,
    Hashing,
    apart,
    collision,
    recall,
    twins,
)

SIZE, RADIUS = 60, 0.05


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _moved(point: Tensor, distance: float, seed: int) -> Tensor:
    """A point at exactly this distance (root mean square) in a random direction."""
    direction = torch.randn(len(point), dtype=torch.float64, generator=_generator(seed))
    return point + direction * distance * math.sqrt(len(point)) / direction.norm()


def _points(count: int, seed: int = 1) -> dict[int, Tensor]:
    drawn = torch.randn(count, SIZE, dtype=torch.float64, generator=_generator(seed))
    return dict(enumerate(drawn))


@pytest.mark.parametrize("distance", [0.25, 1.0, 3.0, 8.0])
def test_collisions_of_a_function_and_of_tables_are_as_often_as_theory_says(distance: float) -> None:
    """Over 400 draws; four standard errors of a binomial share, of as many independent functions."""
    draws, functions, tables = 400, 0, 0
    for seed in range(draws):
        point = torch.randn(SIZE, dtype=torch.float64, generator=_generator(seed + 10_000))
        hashing = Hashing(SIZE, RADIUS, _generator(seed))
        pair = hashing(point), hashing(_moved(point, distance * RADIUS, seed + 20_000))
        first = [left[1] == right[1] for left, right in zip(*pair, strict=True)]
        functions += sum(first)
        tables += any(left == right for left, right in zip(*pair, strict=True))
    expected = collision(distance / CELL)
    noise = 4 * math.sqrt(expected * (1 - expected) / (draws * TABLES))
    assert functions / (draws * TABLES) == pytest.approx(expected, abs=noise)
    met = recall(distance)
    assert tables / draws == pytest.approx(met, abs=4 * math.sqrt(met * (1 - met) / draws) + 1 / draws)


def test_collision_is_the_integral_it_stands_for() -> None:
    """p(c) = int_0^w (2 / c) phi(t / c) (1 - t / w) dt, by the midpoint rule; w = 1."""
    for distance in (0.05, 0.25, 1.0, 4.0):
        t = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
        density = torch.exp(-(t / distance).square() / 2) * 2 / (distance * math.sqrt(2 * math.pi))
        assert collision(distance) == pytest.approx(float((density * (1 - t)).mean()), abs=1e-8)
    assert collision(0.0) == 1.0
    assert recall(1.0) > 0.999 > 0.1 > recall(10.0)
    assert collision(0.25) ** FUNCTIONS < 0.5, "one table alone would miss most pairs"


def test_the_same_spectrum_always_meets_itself() -> None:
    for seed in range(50):
        point = torch.randn(SIZE, generator=_generator(seed)) * 10
        assert twins({3: point, 8: point.clone()}, 1e-9, _generator(seed)) == {8: 3}


def test_the_better_ranked_one_stays() -> None:
    point = _points(1)[0]
    ranking = {9: point, 2: _moved(point, 0.8 * RADIUS, 5), 4: _moved(point, 3 * RADIUS, 6)}
    assert twins(ranking, RADIUS, _generator()) == {2: 9}
    assert twins(dict(reversed(ranking.items())), RADIUS, _generator()) == {9: 2}


def test_nothing_is_left_out_for_one_that_is_left_out_itself() -> None:
    """A chain: each link is near the next alone, so every second one stays."""
    step = torch.full((SIZE,), 0.9 * RADIUS, dtype=torch.float64)
    chain = {number: number * step for number in range(6)}
    assert twins(chain, RADIUS, _generator()) == {1: 0, 3: 2, 5: 4}


def test_twins_are_those_of_an_exact_search_and_never_farther_than_the_radius() -> None:
    """300 points in 100 clusters, half of them tighter than the radius; .001 of pairs may be missed."""
    centres = _points(100)
    points = {
        number: _moved(centres[number % 100], RADIUS * (0.3 if number % 2 else 2.0), number)
        for number in range(300)
    }
    exact: dict[int, int] = {}
    kept: list[int] = []
    for number, point in points.items():
        near = [other for other in kept if apart(point, points[other]) <= RADIUS]
        if near:
            exact[number] = near[0]
        else:
            kept.append(number)
    found = twins(points, RADIUS, _generator())
    assert len(exact) == 100
    assert found == exact
    assert all(apart(points[a], points[b]) <= RADIUS for a, b in found.items())


def test_the_seed_decides_the_projections_and_nothing_else_does() -> None:
    point = torch.randn(SIZE, dtype=torch.float64, generator=_generator(3))
    assert Hashing(SIZE, RADIUS, _generator(7))(point) == Hashing(SIZE, RADIUS, _generator(7))(point)
    assert Hashing(SIZE, RADIUS, _generator(7))(point) != Hashing(SIZE, RADIUS, _generator(8))(point)


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts exact comparisons."""
    count = [0]

    def counted(a: Tensor, b: Tensor) -> float:
        count[0] += 1
        return apart(a, b)

    monkeypatch.setattr(near_duplicates, "apart", counted)
    return count


def test_comparisons_grow_with_the_pool_not_with_its_square(comparisons: list[int]) -> None:
    """All apart, all the same, and clusters: a pair at ten radii meets in a cell in one of a hundred cases,
    so a few comparisons a point are left where all pairs would be 500.
    """
    for points in (
        _points(1000),
        dict.fromkeys(range(1000), _points(1)[0]),
        {n: _moved(_points(1, seed=n % 50)[0], RADIUS / 3, n) for n in range(1000)},
    ):
        comparisons[0] = 0
        twins(points, RADIUS, _generator())
        assert comparisons[0] <= 2 * len(points)


def test_an_infinite_exponent_has_no_twin() -> None:
    dead = torch.full((SIZE,), -math.inf)
    assert twins({1: dead, 2: dead}, RADIUS, _generator()) == {}
    assert twins({}, RADIUS, _generator()) == {}


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="one size, got 3 and 4"):
        twins({1: torch.zeros(3), 2: torch.zeros(4)}, RADIUS, _generator())
