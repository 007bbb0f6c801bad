"""The configuration of a search: its record, and the layers that it is made from."""
