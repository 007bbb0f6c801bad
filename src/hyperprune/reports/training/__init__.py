"""The report of one network that was trained on its own, from the same pieces as that of a search."""
