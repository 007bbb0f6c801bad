"""A task found by its name, checked, and told apart from others."""
