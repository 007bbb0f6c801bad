"""How a report becomes one file: templates, styles, and figures as elements of the page."""
