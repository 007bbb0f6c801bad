"""What a search may choose."""
