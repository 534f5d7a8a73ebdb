"""What the commands' arguments have in common."""

import argparse
from typing import TypeAlias

from edge.errors import ConfigurationError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def new_command(
    commands: Commands, common: argparse.ArgumentParser, name: str, description: str, examples: str
) -> argparse.ArgumentParser:
    """Add a command; the first sentence of its description is what the list of commands shows."""
    return commands.add_parser(
        name,
        parents=[common],
        help=description.split(". ", maxsplit=1)[0].rstrip("."),
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def seconds(text: str) -> float:
    """A duration above zero.

    Raises:
        ConfigurationError: if it is not one.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1e6:
        raise ConfigurationError(f"{text!r} is not a number of seconds above 0")
    return value


def count(text: str) -> int:
    """A whole number above zero.

    Raises:
        ConfigurationError: if it is not one.
    """
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10**9):
        raise ConfigurationError(f"{text!r} is not a whole number above 0")
    return int(text)
