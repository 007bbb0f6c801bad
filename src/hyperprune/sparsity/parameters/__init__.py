"""The parameters that are pruned, and their masks."""
