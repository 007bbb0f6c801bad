"""A search under way: suggestions, rounds, jobs."""
