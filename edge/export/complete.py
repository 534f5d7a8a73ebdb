"""Everything that is known of the scans, as JSON: nothing is lost, and each scan is told by itself."""

import json
from collections.abc import Iterable, Iterator, Mapping

from edge.inventory.reading import Entry
from edge.log.reading import LoggedScan

_JSON = ("card", "matches", "centering")


def complete_json(scans: Iterable[LoggedScan], entries: Mapping[tuple[str, int], Entry]) -> Iterator[str]:
    """The parts of one JSON array, an object a line; what is JSON in the log is not made anew."""
    separator = "[\n"
    for scan in scans:
        yield separator + _object(scan, entries.get((scan.session, scan.scan)))
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _object(scan: LoggedScan, entry: Entry | None) -> str:
    said: dict[str, object] = {name: getattr(scan, name) for name in LoggedScan.__slots__ if name not in _JSON}
    said |= {name: None if entry is None else getattr(entry, name) for name in Entry.__slots__}
    parts = [json.dumps(said, ensure_ascii=False)[:-1]]
    parts += [f'"{name}": {getattr(scan, name) or "null"}' for name in _JSON]
    return ", ".join(parts) + "}"
