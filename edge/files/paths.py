"""Paths as people give them, and where the program keeps what it writes."""

import os
from collections.abc import Mapping
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


def state_folder(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the program keeps things of one kind: the service's state folder of that name, else the user's."""
    for folder in environment.get("STATE_DIRECTORY", "").split(":"):
        if Path(folder).name == name:
            return Path(folder)
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "card-scanner" / name
