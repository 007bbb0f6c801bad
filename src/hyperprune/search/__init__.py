"""The search (LSH): a pool of pruning variants, ranked early against the dense reference, halved in rounds.

``halving`` decides, ``chooser`` suggests, ``trainer`` starts jobs, ``driver`` goes through the stages,
``summary`` makes the result. Source: Zheng and Shlizerman 2025, arXiv 2506.07975.
"""

from hyperprune.search.citations import papers, training_papers
from hyperprune.search.comparing.compare import compare
from hyperprune.search.comparing.records import ComparedRun, EarlyRank, SearchComparison
from hyperprune.search.config.layers import configure, configure_training, for_task, validated
from hyperprune.search.config.pool import PoolConfig
from hyperprune.search.config.presets import PRESETS, preset
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.config.smallest import SmallestConfig
from hyperprune.search.opening import load
from hyperprune.search.results.final_network import FinalNetwork
from hyperprune.search.results.find import Trained, find
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.result import CandidateResult, SearchResult
from hyperprune.search.results.round_result import RoundResult
from hyperprune.search.results.smallest_folder import SmallestFolder
from hyperprune.search.results.smallest_result import SmallestResult
from hyperprune.search.results.timings import Timings, load_timings
from hyperprune.search.rounds.events import CandidateEnded, Event, Listener, RoundBegan
from hyperprune.search.runs import SearchRun, extend, run
from hyperprune.search.sizing.run import ProbeBegan, SmallestRun, smallest
from hyperprune.search.space.choice import Choice
from hyperprune.search.space.ranges import FloatRange, PositiveRange
from hyperprune.search.space.space import SpaceConfig
from hyperprune.search.tensorboard import TensorBoard
from hyperprune.training import RuntimeConfig

__all__ = [
    "PRESETS",
    "CandidateEnded",
    "CandidateResult",
    "Choice",
    "ComparedRun",
    "EarlyRank",
    "Event",
    "FinalNetwork",
    "FloatRange",
    "Listener",
    "PoolConfig",
    "PositiveRange",
    "ProbeBegan",
    "RoundBegan",
    "RoundResult",
    "RunFolder",
    "RuntimeConfig",
    "SearchComparison",
    "SearchConfig",
    "SearchResult",
    "SearchRun",
    "SmallestConfig",
    "SmallestFolder",
    "SmallestResult",
    "SmallestRun",
    "SpaceConfig",
    "TensorBoard",
    "Timings",
    "Trained",
    "compare",
    "configure",
    "configure_training",
    "extend",
    "find",
    "for_task",
    "load",
    "load_timings",
    "papers",
    "preset",
    "run",
    "smallest",
    "training_papers",
    "validated",
]
