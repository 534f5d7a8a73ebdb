"""Bounded hand-overs between the threads: the giver never waits, the best or newest wins, drops are counted."""

import itertools
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from edge.geometry import Quad, transform_points
from edge.pipeline.answers import Answer, Observation
from edge.pipeline.selection import Crop

Taken = tuple[Observation | None, list[Answer]]
"""Tracks and answers of one stretch."""

# physics: a few bytes each: of so many times as many tracks as there are slots it is known when they were served.
_REMEMBERED_TURNS = 32


class CropSlots:
    """One slot a track between capture and recognition: a better or newer crop of the same card replaces the old one.

    Tracks are served in the order in which they were served last, those that never were first. With more tracks than
    there are slots, the crop of the one that was served last of all gives way, so that every track has its turn.
    """

    def __init__(self, capacity: int) -> None:
        """Make room for `capacity` tracks."""
        self._capacity = capacity
        self._slots: dict[int, Crop] = {}
        self._served: OrderedDict[int, int] = OrderedDict()
        self._turns = itertools.count(1)
        self._changed = threading.Condition()
        self._closed = False
        self._taken = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Crops that were replaced or refused before they were recognised."""
        return self._dropped

    def put(self, crops: Iterable[Crop]) -> None:
        """Hand crops over; never waits."""
        with self._changed:
            for crop in crops:
                self._put(crop)
            self._changed.notify_all()

    def take(self, limit: int, timeout_s: float) -> list[Crop] | None:
        """Up to `limit` crops, of the tracks whose turn it is; none after `timeout_s`, None once closed and empty.

        Whoever takes again is done with what was taken before.
        """
        with self._changed:
            self._taken = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._slots or self._closed, timeout_s)
            if self._closed and not self._slots:
                return None
            taken = [self._slots.pop(track_id) for track_id in sorted(self._slots, key=self._last_turn)[:limit]]
            for crop in taken:
                self._note_turn(crop.track_id)
            self._taken = bool(taken)
            return taken

    def wait_until_done(self, timeout_s: float) -> bool:
        """Wait until every crop is recognised, for a source that may wait; whether that happened in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._slots and not self._taken, timeout_s)

    def clear(self) -> None:
        """Drop every crop that waits: its track has ended."""
        with self._changed:
            self._dropped += len(self._slots)
            self._slots.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _last_turn(self, track_id: int) -> int:
        return self._served.get(track_id, 0)

    def _note_turn(self, track_id: int) -> None:
        self._served[track_id] = next(self._turns)
        self._served.move_to_end(track_id)
        if len(self._served) > _REMEMBERED_TURNS * self._capacity:
            self._served.popitem(last=False)

    def _put(self, crop: Crop) -> None:
        waiting = self._slots.get(crop.track_id)
        if waiting is not None:
            self._dropped += 1
            if crop.supersedes(waiting):
                self._slots[crop.track_id] = crop
            return
        if len(self._slots) >= self._capacity:
            self._dropped += 1
            last = max(self._slots, key=self._last_turn)
            if self._last_turn(last) <= self._last_turn(crop.track_id):
                return
            del self._slots[last]
        self._slots[crop.track_id] = crop


class OutputInbox:
    """What the output thread works on: the newest tracks of each stretch of frames, and the answers in order."""

    def __init__(self, capacity: int) -> None:
        """Start empty; with more than `capacity` answers, the oldest is dropped."""
        self._answers: deque[Answer] = deque(maxlen=capacity)
        self._former: deque[Taken] = deque(maxlen=capacity)
        self._stretch = 0
        self._observation: Observation | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._taken = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Answers that were dropped."""
        return self._dropped

    def put_observation(self, observation: Observation) -> None:
        """Replace the tracks by newer ones; never waits. Those of another stretch wait for the answers before them."""
        with self._changed:
            if observation.stretch != self._stretch and self._answers:
                self._dropped += len(self._former[0][1]) if len(self._former) == self._former.maxlen else 0
                self._former.append((self._observation, list(self._answers)))
                self._answers.clear()
            self._stretch, self._observation = observation.stretch, observation
            self._changed.notify_all()

    def put_answers(self, answers: Iterable[Answer]) -> None:
        """Hand answers over; never waits."""
        with self._changed:
            for answer in answers:
                self._dropped += len(self._answers) == self._answers.maxlen
                self._answers.append(answer)
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Taken | None:
        """What came since the last call, of one stretch, after at most `timeout_s`; None once closed and empty.

        Whoever takes again is done with what was taken before.
        """
        with self._changed:
            self._taken = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._work_waits() or self._closed, timeout_s)
            self._taken = self._work_waits()
            if self._former:
                return self._former.popleft()
            if self._closed and not self._observation and not self._answers:
                return None
            taken = self._observation, list(self._answers)
            self._observation = None
            self._answers.clear()
            return taken

    def wait_until_done(self, timeout_s: float) -> bool:
        """Wait until all is worked off, for a source that may wait; whether that happened in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._work_waits() and not self._taken, timeout_s)

    def _work_waits(self) -> bool:
        return bool(self._former or self._observation or self._answers)

    def close(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Correction:
    """What a second look has found: the outline of a track was a holder's or a part's, and this is the card's.

    Attributes:
        track_id: of the card.
        frame_id: frame in which it was looked at.
        found: its outline there, as it was found.
        better: its own outline there, from the same corner.
    """

    track_id: int
    frame_id: int
    found: Quad
    better: Quad

    def moved_to(self, quad: Quad) -> Quad:
        """The better outline where the found one has become `quad` since: both lie in one plane."""
        homography = cv2.getPerspectiveTransform(self.found.astype(np.float32), quad.astype(np.float32))
        return transform_points(np.asarray(homography, np.float64), self.better)


class Corrections:
    """What second looks have found, on its way back to the tracks: the newest of each. Safe between threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._by_track: dict[int, Correction] = {}

    def put(self, correction: Correction) -> None:
        """Hand one over."""
        with self._lock:
            self._by_track[correction.track_id] = correction

    def take(self) -> list[Correction]:
        """Those that came since the last call."""
        with self._lock:
            taken, self._by_track = self._by_track, {}
        return list(taken.values())
