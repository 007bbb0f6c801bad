"""``python -m hyperprune``."""

from hyperprune.cli import main

main()
