"""Paths as people give them."""

from pathlib import Path

from edge.errors import ConfigurationError


def named_path(text: str) -> Path:
    """A path that names something; an empty one would be the folder that the command is run in.

    Raises:
        ConfigurationError: if it is empty.
    """
    if not text:
        raise ConfigurationError("a path is empty; name a file or a folder, such as . for the folder that you are in")
    return Path(text)
