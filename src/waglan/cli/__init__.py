"""The command line. No domain logic; nothing heavy is imported before a command is chosen."""

from waglan.cli.main import main

__all__ = ["main"]
