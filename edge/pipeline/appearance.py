"""Whether a track still shows what it showed: in the place of one card another may lie."""

from collections.abc import Iterable
from dataclasses import dataclass

from edge.imaging.hashing import Hash

# numerics: of 64 bits, those of unrelated pictures differ in 32, with a standard deviation of 4: 14 are 4.5 below.
CHANGED_BITS = 14
# physics: a finger, glare or blur passes; what stays for so many frames, and is alike in all, is something else.
LASTING_FRAMES = 3


def looks_different(first: Hash, second: Hash) -> bool:
    """Whether the fingerprints of two crops differ by more than noise, jitter and light explain."""
    # Many times a frame; a hundredth of what `hash_distances`, made for galleries, takes for a pair.
    differing = int.from_bytes(first.tobytes()) ^ int.from_bytes(second.tobytes())
    return differing.bit_count() > CHANGED_BITS


@dataclass(slots=True, eq=False)
class _Shown:
    """What a track shows, and what it may show instead."""

    since: int
    fingerprint: Hash | None
    other: Hash | None = None
    other_since: int = 0
    other_frames: int = 0


class Appearances:
    """What each track shows and since when. Used by one thread."""

    def __init__(self) -> None:
        """Start without tracks."""
        self._shown: dict[int, _Shown] = {}

    def keep(self, track_ids: Iterable[int]) -> None:
        """Forget all other tracks."""
        self._shown = {track_id: self._shown[track_id] for track_id in track_ids if track_id in self._shown}

    def since(self) -> dict[int, int]:
        """Track id -> first frame since which it shows what it shows now."""
        return {track_id: shown.since for track_id, shown in self._shown.items()}

    def outline_corrected(self, track_id: int) -> None:
        """Say that a track has another outline from the next frame on: how it looks is taken anew."""
        if track_id in self._shown:
            self._shown[track_id].fingerprint = None

    def see(self, track_id: int, shown_since: int, frame_id: int, fingerprint: Hash) -> int:
        """Take in how a track looks in the newest frame.

        Args:
            track_id: of the track.
            shown_since: first frame since which it was not hidden.
            frame_id: of the newest frame.
            fingerprint: perceptual hash of its crop there.

        Returns:
            First frame since which it shows what it shows now.
        """
        shown = self._shown.get(track_id)
        if shown is None or shown.since < shown_since:
            shown = self._shown[track_id] = _Shown(since=shown_since, fingerprint=fingerprint)
        elif shown.fingerprint is None:
            shown.fingerprint, shown.other = fingerprint, None
        elif not looks_different(shown.fingerprint, fingerprint):
            shown.other = None
        elif shown.other is None or looks_different(shown.other, fingerprint):
            shown.other, shown.other_since, shown.other_frames = fingerprint, frame_id, 1
        else:
            shown.other_frames += 1
            if shown.other_frames >= LASTING_FRAMES:
                shown = self._shown[track_id] = _Shown(since=shown.other_since, fingerprint=fingerprint)
        return shown.since
