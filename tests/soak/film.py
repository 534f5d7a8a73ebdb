"""Visits of cards to the simulated bench, drawn once and kept as JPEGs: cheap enough to be played for hours."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Image
from edge.simulator.bench import Bench
from edge.simulator.script import Scenario

SIDE = 512
VISIT_FRAMES = 900
# Frames of a visit of the scenario `turnover`, at 30 frames/s: nothing yet, sliding in, lying still, sliding out.
_BENCH_SIDE = 1280
_EMPTY, _ARRIVING, _RESTING, _LEAVING = 0, (1, 3, 5), 12, (24, 26, 28)
_EMPTY_FRAMES = 40
_EPISODE_FRAMES = 30
_NOISES, _NOISE_LEVELS = 4, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where the pictures of one visit lie in the file: (start, length) of each; and which card it shows."""

    card_id: str
    pictures: tuple[tuple[int, int], ...]


def draw_film(path: Path, visits: int) -> None:
    """Draw the middle of the bench, `SIDE` x `SIDE` pixels, into the files `path` and `path`.json."""
    bench = Bench(0, (_BENCH_SIDE, _BENCH_SIDE), _EPISODE_FRAMES, Scenario.TURNOVER)
    table = []
    with path.open("wb") as file:
        for number in range(visits):
            first = _EPISODE_FRAMES * number
            places = [_append(file, bench.frame(first + at)[0]) for at in (_EMPTY, *_ARRIVING, _RESTING, *_LEAVING)]
            table.append({"card_id": bench.truth(first + _RESTING).cards[0].card_id, "pictures": places})
    path.with_suffix(".json").write_text(json.dumps(table))


def _append(file, frame: Image) -> tuple[int, int]:
    margin = (_BENCH_SIDE - SIDE) // 2
    encoded = cv2.imencode(".jpg", frame[margin:-margin, margin:-margin], (cv2.IMWRITE_JPEG_QUALITY, 92))[1].tobytes()
    file.write(encoded)
    return file.tell() - len(encoded), len(encoded)


class Film:
    """Plays the visits one after the other, without end; every picture is a new array with new noise."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._visits = [
            Visit(card_id=visit["card_id"], pictures=tuple(map(tuple, visit["pictures"])))
            for visit in json.loads(path.with_suffix(".json").read_text())
        ]
        noise = np.random.default_rng(0).normal(0, _NOISE_LEVELS, (_NOISES, SIDE, SIDE, 3))
        self._noise = np.round(noise).astype(np.int16)

    def pictures(self) -> Iterator[Image]:
        """uint8 [SIDE, SIDE, 3] BGR, for ever: `VISIT_FRAMES` a visit."""
        while True:
            for visit in self._visits:
                empty, *arriving, resting, leave_1, leave_2, leave_3 = visit.pictures
                leaving = (leave_1, leave_2, leave_3)
                still = VISIT_FRAMES - _EMPTY_FRAMES - len(arriving) - len(leaving)
                yield from self._shown(empty, _EMPTY_FRAMES)
                for moving in arriving:
                    yield from self._shown(moving, 1)
                yield from self._shown(resting, still)
                for moving in leaving:
                    yield from self._shown(moving, 1)

    def close(self) -> None:
        os.close(self._descriptor)

    def _shown(self, place: tuple[int, int], frames: int) -> Iterator[Image]:
        start, length = place
        picture = cv2.imdecode(np.frombuffer(os.pread(self._descriptor, length, start), np.uint8), cv2.IMREAD_COLOR)
        noisy = [np.clip(picture + noise, 0, 255).astype(np.uint8) for noise in self._noise[:frames]]
        for number in range(frames):
            yield noisy[number % len(noisy)].copy()
