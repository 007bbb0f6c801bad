"""What a job leaves on disk: checkpoints, records, run folders, given weights."""
