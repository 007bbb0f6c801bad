"""What ranks candidates early."""
