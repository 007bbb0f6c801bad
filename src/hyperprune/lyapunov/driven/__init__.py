"""Networks as they run: which recurrent module is inside, and what reaches it."""
