"""Is the pruned network as good as the dense one? A paired bootstrap on the test part, and one word."""
