"""Finished searches side by side, at equal cost."""
