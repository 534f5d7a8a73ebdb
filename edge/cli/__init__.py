"""The `card-scanner` command."""

from edge.cli.command_line import main

__all__ = ["main"]
