"""What a run has to say while it goes on: one JSON object a line."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "history.jsonl"

log = logging.getLogger(__name__)


def append_history(folder: Path, entry: Mapping[str, Any]) -> None:
    """Add a line to the run's history and to the log.

    Raises:
        OSError: if it cannot be written.
    """
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    log.info("  ".join(f"{key} {value}" for key, value in entry.items() if value is not None))


def read_history(folder: Path) -> list[dict[str, Any]]:
    """All entries of a run so far."""
    return [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]
