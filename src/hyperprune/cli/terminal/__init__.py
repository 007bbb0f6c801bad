"""The one way to the terminal: tables, progress, pictures, warnings."""
