"""The search (LSH): a pool of pruning variants, ranked early against the dense reference, halved in rounds.

``halving`` decides, ``chooser`` suggests, ``trainer`` starts jobs, ``driver`` goes through the stages,
``summary`` makes the result. Source: Zheng and Shlizerman 2025, arXiv 2506.07975.
"""

from hyperprune.search.choice import Choice
from hyperprune.search.compare import compare
from hyperprune.search.compared import ComparedRun, Comparison, EarlyRank
from hyperprune.search.config import PoolConfig, SearchConfig
from hyperprune.search.driver import run
from hyperprune.search.events import CandidateEnded, Event, Listener, RoundBegan
from hyperprune.search.loading import configure, configure_training, for_task, validated
from hyperprune.search.papers import papers
from hyperprune.search.presets import PRESETS, preset
from hyperprune.search.ranges import FloatRange, PositiveRange
from hyperprune.search.result import CandidateResult, FinalNetwork, RoundResult, SearchResult
from hyperprune.search.run_folder import RunFolder
from hyperprune.search.space import SpaceConfig
from hyperprune.search.timings import Timings, load_timings
from hyperprune.search.trained import Trained, find
from hyperprune.training import RuntimeConfig

__all__ = [
    "PRESETS",
    "CandidateEnded",
    "CandidateResult",
    "Choice",
    "ComparedRun",
    "Comparison",
    "EarlyRank",
    "Event",
    "FinalNetwork",
    "FloatRange",
    "Listener",
    "PoolConfig",
    "PositiveRange",
    "RoundBegan",
    "RoundResult",
    "RunFolder",
    "RuntimeConfig",
    "SearchConfig",
    "SearchResult",
    "SpaceConfig",
    "Timings",
    "Trained",
    "compare",
    "configure",
    "configure_training",
    "find",
    "for_task",
    "load_timings",
    "papers",
    "preset",
    "run",
    "validated",
]
