"""What commands that ask a running scanner have in common."""

import argparse
from typing import TYPE_CHECKING

from edge.cli.arguments import add_config, configuration_file
from edge.files.paths import named_path
from edge.settings.settings import load_settings

if TYPE_CHECKING:
    from edge.client import Control

# A file is written to a disk that may be slow, and other commands may come first.
_ANSWER_LIMIT_S = 10.0


def add_running_scanner(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which scanner, and the key that it may want."""
    parser.add_argument(
        "--key", type=named_path, metavar="FILE", help="where publish.control needs one (card-scanner keys)"
    )
    add_config(parser)


def control_of(options: argparse.Namespace) -> "Control":
    """A connection to the scanner of the options that `add_running_scanner` added; a context manager.

    Raises:
        ConfigurationError: if the settings or the key are wrong.
    """
    from edge.client import Control, read_client_key

    endpoint = load_settings(configuration_file(options)).publish.control
    key = None if options.key is None else read_client_key(options.key)
    return Control(endpoint.replace("*", "127.0.0.1"), _ANSWER_LIMIT_S, key=key)
