"""The outcome of one check."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands with one part."""

    OK = "ok"
    UNUSED = "-"
    WARNING = "warn"
    FAILURE = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes:
        subject: what was looked at.
        state: UNUSED is something that is not here and that the settings do not ask for.
        sentence: what was found.
        remedy: a command that mends it, or what to do by hand; empty where nothing is to be mended.
    """

    subject: str
    state: State
    sentence: str
    remedy: str = ""

    def line(self) -> str:
        """The finding on one line."""
        remedy = f"  ->  {self.remedy}" if self.remedy else ""
        return f"{self.state:<4}  {self.subject:<15}  {self.sentence}{remedy}"
