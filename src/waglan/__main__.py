"""``python -m waglan``."""

from waglan.cli import main

main()
