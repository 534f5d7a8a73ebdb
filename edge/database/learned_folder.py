"""The folder that learned cards are kept in: a folder a card, each put in place, replaced and removed in one step.

It is no part of a card database, which an installation replaces: what was learned stays.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.database.build import FORMER, put_in_place, restore_former, sync, sync_folders
from edge.database.learned_card import SET_CODE, LearnedCard, card_files, read_card
from edge.errors import DatabaseError

# Some 500 kB a card, 100 MB in all; more than that is work for 'card-training index'.
MOST_CARDS = 200
_OWN = re.compile(f"{SET_CODE}-[0-9a-f]+")
_LOCK = ".lock"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What lies in a folder of learned cards.

    Attributes:
        cards: those that can be read, in the order in which they were learned.
        faults: folder's name -> why its card cannot be read.
    """

    cards: tuple[LearnedCard, ...] = ()
    faults: Mapping[str, str]


class LearnedFolder:
    """Keeps learned cards on the disk."""

    def __init__(self, path: Path) -> None:
        """Keep them in that folder; it is made with the first card."""
        self.path = path

    def read(self) -> Kept:
        """Read every card; what else lies there is left alone.

        Raises:
            DatabaseError: if the folder cannot be read; one that is not there yet holds none.
        """
        with self._told("read"):
            if any(self.path.glob(f".*{FORMER}")):
                with self._changing("restore"):
                    pass
            names = sorted(each.name for each in self.path.iterdir()) if self.path.exists() else []
        cards: list[LearnedCard] = []
        faults: dict[str, str] = {}
        for name in names:
            if _OWN.fullmatch(name):
                try:
                    cards.append(read_card(self.path / name)[0])
                except DatabaseError as fault:
                    faults[name] = str(fault)
        return Kept(cards=tuple(sorted(cards, key=lambda card: (card.learned_at, card.card_id))), faults=faults)

    def card(self, card_id: str) -> tuple[LearnedCard, tuple[bytes, ...]]:
        """A card and its encoded views.

        Raises:
            DatabaseError: if it is not kept, or torn.
        """
        return read_card(self._place(card_id))

    def write(self, card: LearnedCard, views: Sequence[bytes]) -> None:
        """Keep a card, or replace what is kept of it; it is on the disk, whole, when this returns.

        Args:
            card: what is searched.
            views: encoded as they are kept.

        Raises:
            DatabaseError: if there is no room for it, or it cannot be written; nothing of it is left then.
        """
        partial = self.path / f".{card.card_id}{_PARTIAL}"
        with self._changing("keep"):
            present = [each for each in self.path.iterdir() if _OWN.fullmatch(each.name) and each.name != card.card_id]
            if len(present) >= MOST_CARDS:
                raise DatabaseError(
                    f"{MOST_CARDS} cards are learned, which is as many as are kept in {self.path}; export them "
                    "('card-scanner learn --export DIR') for 'card-training index', and remove some"
                )
            try:
                partial.mkdir()
                for name, content in card_files(card, views).items():
                    (partial / name).write_bytes(content)
                sync_folders(partial)
                put_in_place(partial, self.path / card.card_id)
            finally:
                _remove_partial(self.path)

    def remove(self, card_id: str) -> None:
        """Forget a card, also a torn one.

        Raises:
            DatabaseError: if it is not kept, or cannot be removed.
        """
        place = self._place(card_id)
        with self._changing("remove"):
            place.rename(self.path / f".{card_id}{_PARTIAL}")
            sync(self.path)
            _remove_partial(self.path)

    def _place(self, card_id: str) -> Path:
        with self._told("look for"):
            if _OWN.fullmatch(card_id) and (self.path / card_id).is_dir():
                return self.path / card_id
        raise DatabaseError(f"no card {card_id!r} is learned; 'card-scanner learn --list' shows which are")

    @contextmanager
    def _changing(self, what: str) -> Iterator[None]:
        """One change at a time; what a process that was killed has left goes first."""
        with self._told(what):
            if not self.path.exists():
                self.path.mkdir(mode=0o750, parents=True, exist_ok=True)
                sync(self.path.parent)
            with (self.path / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                _restore_killed(self.path)
                _remove_partial(self.path)
                yield

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """A failure of the file system is one sentence."""
        try:
            yield
        except OSError as cause:
            reason = os.strerror(cause.errno) if cause.errno else str(cause)
            raise DatabaseError(
                f"cannot {what} learned cards in {self.path}: {reason}; is there room, and may the scanner write there?"
            ) from cause


def _restore_killed(folder: Path) -> None:
    """Bring cards back that were being replaced, on a file system that cannot do that in one step."""
    for former in folder.glob(f".{SET_CODE}-*{FORMER}"):
        restore_former(folder / former.name.removeprefix(".").removesuffix(FORMER))
        shutil.rmtree(former, ignore_errors=True)


def _remove_partial(folder: Path) -> None:
    for path in folder.glob(f".{SET_CODE}-*{_PARTIAL}"):
        shutil.rmtree(path, ignore_errors=True)
