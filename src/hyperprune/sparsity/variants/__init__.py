"""One choice of pruning configuration: fields, checks, written form, and the named ones of the field."""
