"""The report of the search for the smallest network: score against size, and one line."""
