"""Configurations on disk: reading TOML, the first mistake in it, and which keys decide a run."""
