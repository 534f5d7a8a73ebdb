"""Bounded hand-overs between the threads: the giver never waits, the best or newest wins, drops are counted."""

import threading
from collections import deque
from collections.abc import Iterable

from edge.results import Answer, Observation
from edge.selection import Crop


class CropSlots:
    """One slot a track between capture and recognition: a better or newer crop of the same card replaces the old one.

    Tracks are served in the order in which they asked. With more tracks waiting than there are slots, the one that
    has waited longest loses its crop.
    """

    def __init__(self, capacity: int) -> None:
        """Make room for `capacity` tracks."""
        self._capacity = capacity
        self._slots: dict[int, Crop] = {}
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
        """Up to `limit` crops, those that wait longest first; none after `timeout_s`, None once closed and empty.

        Whoever takes again is done with what was taken before.
        """
        with self._changed:
            self._taken = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._slots or self._closed, timeout_s)
            if self._closed and not self._slots:
                return None
            taken = [self._slots.pop(track_id) for track_id in list(self._slots)[:limit]]
            self._taken = bool(taken)
            return taken

    def wait_until_done(self, timeout_s: float) -> bool:
        """Wait until every crop is recognised, for a source that may wait; whether that happened in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._slots and not self._taken, timeout_s)

    def close(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _put(self, crop: Crop) -> None:
        waiting = self._slots.get(crop.track_id)
        if waiting is not None:
            self._dropped += 1
            if crop.supersedes(waiting):
                self._slots[crop.track_id] = crop
            return
        if len(self._slots) >= self._capacity:
            self._slots.pop(next(iter(self._slots)))
            self._dropped += 1
        self._slots[crop.track_id] = crop


class OutputInbox:
    """What the output thread works on: the newest tracks, and the answers in order."""

    def __init__(self, capacity: int, longest_ns: int | None = None) -> None:
        """Start empty.

        Args:
            capacity: how many answers there is room for; with more, the oldest is dropped.
            longest_ns: how much older than the newest tracks a frame may be for its answer to count. What is seen
                moves on while recognition hangs, and in the place of one card lies another. None: any age.
        """
        self._answers: deque[Answer] = deque(maxlen=capacity)
        self._longest_ns = longest_ns
        self._newest_ns = 0
        self._observation: Observation | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Answers that were dropped."""
        return self._dropped

    def put_observation(self, observation: Observation) -> None:
        """Replace the tracks by newer ones; never waits."""
        with self._changed:
            self._observation = observation
            self._newest_ns = observation.timestamp_ns
            self._changed.notify_all()

    def put_answers(self, answers: Iterable[Answer]) -> None:
        """Hand answers over; never waits."""
        with self._changed:
            for answer in answers:
                self._dropped += len(self._answers) == self._answers.maxlen
                self._answers.append(answer)
            self._changed.notify_all()

    def take(self, timeout_s: float) -> tuple[Observation | None, list[Answer]] | None:
        """What came since the last call, after at most `timeout_s`; None once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._observation or self._answers or self._closed, timeout_s)
            if self._closed and not self._observation and not self._answers:
                return None
            observation, self._observation = self._observation, None
            answers = [answer for answer in self._answers if not self._too_old(answer)]
            self._dropped += len(self._answers) - len(answers)
            self._answers.clear()
            return observation, answers

    def close(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _too_old(self, answer: Answer) -> bool:
        if self._longest_ns is None:
            return False
        return self._newest_ns - answer.crop.frame.timestamp_ns > self._longest_ns
