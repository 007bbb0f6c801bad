"""The recursion: a stack runs along its inputs, and Q along the Jacobians."""
