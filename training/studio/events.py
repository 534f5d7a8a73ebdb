"""A run's history as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from training.engine import names
from training.studio.shown import shown_run

# chosen: how often the folder is looked at; a person sees no difference below.
_EVERY_S = 0.5
# chosen: seconds after which a comment keeps proxies and browsers from taking the line for dead.
_BEAT_S = 15.0
ENDED = "gone"


class HistoryReader:
    """Reads what a history has gained, as whole lines; says when it was written anew, as a run that goes on does."""

    def __init__(self, folder: Path, place: str = "") -> None:
        """Read on from a place; from the beginning where it is none of this very file.

        Args:
            folder: of the run.
            place: `OFFSET-INODE`, as `place` gives it.
        """
        self._path = folder / names.HISTORY
        offset, _, inode = place.partition("-")
        self._offset, self._inode = (int(offset), int(inode)) if offset.isdecimal() and inode.isdecimal() else (0, 0)

    @property
    def place(self) -> str:
        """Where this reader is: byte offset, and number of the file."""
        return f"{self._offset}-{self._inode}"

    def more(self) -> tuple[bool, list[str]]:
        """Whether what was read before is void, and the lines since."""
        try:
            with self._path.open("rb") as file:
                status = self._path.stat()
                anew = status.st_ino != self._inode or status.st_size < self._offset
                if anew:
                    self._offset, self._inode = 0, status.st_ino
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            anew, self._offset, self._inode = bool(self._inode), 0, 0
            return anew, []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return anew, whole.decode(errors="replace").splitlines()


async def events(runs: Path, name: str, place: str) -> AsyncIterator[str]:
    """All that a run's history holds, and then each line as it is written; and the run's state whenever it changes.

    Args:
        runs: folder of all runs.
        name: of the run.
        place: the id of the last event that the browser got; empty for none.
    """
    reader, state, quiet_s = HistoryReader(runs / name, place), "", 0.0
    while (run := shown_run(runs, name)) is not None:
        anew, lines = reader.more()
        if anew or lines:
            kind = "history" if anew else "more"
            yield f"id: {reader.place}\nevent: {kind}\ndata: [{','.join(lines)}]\n\n"
            quiet_s = 0
        said = json.dumps(run)
        if said != state:
            state = said
            yield f"event: state\ndata: {said}\n\n"
            quiet_s = 0
        elif quiet_s >= _BEAT_S:
            quiet_s = 0
            yield ": still here\n\n"
        quiet_s += _EVERY_S
        await asyncio.sleep(_EVERY_S)
    yield f"event: {ENDED}\ndata: {{}}\n\n"
