"""Detection at a camera's frame rate: cards that lie still cost nothing, moving ones are followed, new ones searched.

A full search takes longer than a frame lasts. So it runs in a thread of its own, on the newest frame, and only where
something may be new; every frame in between is answered at once, from the outlines that are known: unchanged where the
picture is, else fitted again to the new one.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from edge.detection.cards import CardDetector
from edge.detection.following.failures import SearchFailures
from edge.detection.following.known import Followed, Place, follow_all, followed, outlined, to_correct
from edge.detection.following.search import Searched, search_places
from edge.frame import Detection, Frame
from edge.geometry import Image, Quad


class Attention(Protocol):
    """Says where in a frame something may be new."""

    def look(self, frame: Frame, known: list[Followed]) -> tuple[list[Followed], tuple[Place, ...]]:
        """The known cards that are still believed in, and where in the frame to search now."""
        ...

    def merged(self, searched: Searched, current: list[Followed], known: list[Followed]) -> list[Followed]:
        """The known cards after a search.

        Args:
            searched: what it has found.
            current: those of its cards that the newest frame shows, as they are there.
            known: in the newest frame.
        """
        ...

    def forget(self) -> None:
        """Start anew: frames of another size follow."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Search:
    """A search under way."""

    image: Image
    places: tuple[Place, ...]
    result: Future[tuple[Detection, ...]]


class Following:
    """Follows the cards of a camera's frames. Owns one thread; used by one thread at a time."""

    def __init__(
        self,
        detector: CardDetector,
        attention: Attention,
        failures: SearchFailures | None = None,
        *,
        waits: bool = False,
    ) -> None:
        """Put the parts together.

        Args:
            detector: searches.
            attention: says where.
            failures: is told of searches that fail.
            waits: the frames are a recording's, which wait: what a search has found is known in the next frame.
        """
        self._waits = waits
        self._failures = failures or SearchFailures()
        self._detector = detector
        self._attention = attention
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")
        self._shape: tuple[int, ...] = ()
        self._newest: Image | None = None
        self._known: list[Followed] = []
        self._search: _Search | None = None

    def detect(self, frame: Frame) -> tuple[Detection, ...]:
        """The cards in the next frame, as far as they are known: a new card appears once a search has found it.

        Returns:
            Detections, best first. Where a search fails, it is tried again on a later frame.
        """
        if frame.image.shape != self._shape:
            self._shape, self._known = frame.image.shape, []
            self._attention.forget()
        self._known = follow_all(self._known, frame.image, self._failures)
        self._collect(frame.image)
        self._known, places = self._attention.look(frame, self._known)
        self._newest = frame.image
        if places and self._search is None:
            result = self._executor.submit(search_places, self._detector, frame.image, places)
            self._search = _Search(image=frame.image, places=places, result=result)
        return tuple(sorted((card.detection for card in self._known), key=lambda each: -each.confidence))

    @property
    def searching(self) -> bool:
        """Whether a search is under way, or its outcome waits for the next frame."""
        return self._search is not None

    def correct(self, found: Quad, better: Quad) -> bool:
        """Say which outline a card has in the newest frame instead of the one that was found; whether it is known.

        It stays while it can be followed, whatever else searches find in its place.
        """
        index = to_correct([card.detection.quad for card in self._known], found, better)
        if index is None or self._newest is None:
            return False
        self._known[index] = replace(outlined(self._known[index], better, self._newest), corrected=True)
        return True

    def close(self) -> None:
        """End the search thread. Safe to call twice."""
        self._executor.shutdown(cancel_futures=True)

    def _collect(self, image: Image) -> None:
        """Take in a finished search: bring what it found up to the newest frame."""
        if self._search is None or not (self._waits or self._search.result.done()):
            return
        search, self._search = self._search, None
        if search.image.shape != image.shape:
            return
        detections = self._failures.outcome(search.result)
        if detections is None:
            return
        found = tuple(followed(each, search.image) for each in detections)
        searched = Searched(image=search.image, places=search.places, found=found)
        self._known = self._attention.merged(searched, follow_all(found, image, self._failures), self._known)
