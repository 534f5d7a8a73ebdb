"""What the commands' arguments have in common."""

import argparse
from pathlib import Path
from typing import TypeAlias

from edge.errors import ConfigurationError
from edge.files.paths import named_path

SERVICE_CONFIGURATION = Path("/etc/card-scanner/config.toml")

# argparse has no other name for it.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


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


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add `--config`, for commands that administer the installed service."""
    parser.add_argument(
        "--config",
        type=named_path,
        metavar="FILE",
        help=f"settings (TOML); {SERVICE_CONFIGURATION} unless given, where it exists",
    )


def configuration_file(options: argparse.Namespace) -> Path | None:
    """The settings' file that `add_config` found: the given one, or the service's; None where there is neither."""
    given: Path | None = options.config
    return given or (SERVICE_CONFIGURATION if SERVICE_CONFIGURATION.is_file() else None)


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
