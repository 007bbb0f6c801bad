"""A run taken up again from its folder, as it was or extended."""
