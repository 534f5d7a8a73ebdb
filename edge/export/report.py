"""What an export left out or changed: a site says nothing of rows that it drops or files under another card."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from edge.files.printing import counted

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row that is not in the file."""

    card_id: str
    name: str
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A cell that does not say all that is known, or says something else."""

    card_id: str
    name: str
    quantity: int
    column: str
    value: str
    written: str


@dataclass(slots=True, kw_only=True)
class Report:
    """Of one export.

    Attributes:
        format: its name.
        rows: in the file.
        cards: in these rows.
        left_out: rows that are not.
        changed: cells that lose meaning.
        assumed: condition, language or finish -> cards of which nobody said it.
        remarks: sentences on the file as a whole.
    """

    format: str
    rows: int = 0
    cards: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    assumed: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """All of it."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def lines(self) -> Iterator[str]:
        """A line for each reason, with the first cards that it holds for."""
        yield f"{self.format}: {counted(self.rows, 'row')}, {counted(self.cards, 'card')}"
        for reason, names in _grouped((each.reason, each.name) for each in self.left_out).items():
            yield f"  {counted(len(names), 'row')} left out: {reason}: {_listed(names)}"
        for what, names in _grouped((_change(each), each.name) for each in self.changed).items():
            yield f"  {counted(len(names), 'row')}: {what}: {_listed(names)}"
        for what, cards in self.assumed.items():
            yield f"  {what} assumed for {counted(cards, 'card')}"
        for remark in self.remarks:
            yield f"  {remark}"


def _change(change: Changed) -> str:
    if not change.column:
        return f"there is no column for {change.value!r}"
    if change.value == change.written:
        return f"{change.column} {change.value!r} is none that is known there, and is kept"
    return f"{change.column} is {change.value!r}, written as {change.written!r}"


def _grouped(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for what, name in pairs:
        groups[what].append(name)
    return groups


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
