"""Optuna's dashboard on a run folder, as a window: it shows a copy and can change nothing.

``study`` puts the records of a run into a study in memory, with the notes that ``stories`` tells and the
places of the figures that ``pictures`` draws when somebody looks at them; ``window`` is the web application,
which makes the copy anew when the run has gone on; ``server`` answers on this machine alone.
"""

from hyperprune.reports.dashboard.server import server
from hyperprune.reports.dashboard.window import Window

__all__ = ["Window", "server"]
