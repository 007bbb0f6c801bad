"""The optimiser's side: suggestions, what it is told, and study.db."""
