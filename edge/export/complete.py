"""Everything that is known of the scans, as JSON: nothing is lost, and each scan is told by itself."""

import json
from collections.abc import Iterable, Iterator

from edge.inventory.entry import Entry, Inventory
from edge.log.reading import LoggedScan

_SAID = ("quantity", "condition", "language", "finish")
_JSON = ("card", "matches", "centering")


def complete_json(scans: Iterable[LoggedScan], inventory: Inventory) -> Iterator[str]:
    """The parts of one JSON array, an object a line; what is JSON in the log is not made anew."""
    separator = "[\n"
    for scan in scans:
        yield separator + _object(scan, inventory.of(scan.session, scan.scan, scan.confirmed_at))
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _object(scan: LoggedScan, entry: Entry) -> str:
    said: dict[str, object] = {name: getattr(scan, name) for name in LoggedScan.__slots__ if name not in _JSON}
    said |= {name: getattr(entry, name) for name in _SAID}
    if entry.card_id is not None:
        said["taken_for"] = scan.card_id
    said["card_id"] = entry.card_id or scan.card_id
    parts = [json.dumps(said, ensure_ascii=False)[:-1]]
    parts += [f'"{name}": {(name == "card" and entry.card) or getattr(scan, name) or "null"}' for name in _JSON]
    return ", ".join(parts) + "}"
