"""What sparse training reads and changes in an optimiser, and which it refuses."""
