"""`card-training ablate centering`: centering as it is, and again without each of its ideas.

All see the same pictures: simulated cards of known border, at seeds from which no reported figure comes, and the cards
of a real photo, which share one frame and have to agree with each other and with a turned copy of themselves.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

import cv2
import numpy as np

from edge.centering import Centering, Setup, measure
from edge.detection import CardDetector
from edge.geometry import Image, Quad, transform_points
from edge.imaging.photos import read_photo
from edge.imaging.print_reference import PrintReference
from edge.simulator.sets import unknown_cards
from training.evaluation.centering_frames import RESTING, FramesTally, frames_table
from training.evaluation.centering_numbers import edge_numbers, frame_numbers, registration_numbers
from training.evaluation.centering_rules import edge_rules, registration_rules
from training.evaluation.centering_scenes import CenteringScene, back_reference, centering_scenes
from training.evaluation.centering_tally import PhotoTally, SceneTally, photo_table, scenes_table
from training.evaluation.choices import Choice, changed

# No other command measures or fits centering at these.
FIRST_SEED = 6_000_000
# Around a card of the photo, so that its sides can be straightened.
MARGIN_PX = 90
TURNED_DEG = 7.0
# Cards that rest before the camera, for the numbers that count over frames.
RESTING_CARDS = 16

Tally = TypeVar("Tally")


class Study(Generic[Tally]):
    """Counts the same cards with centering as it is, and with each change of its choices.

    Attributes:
        usual: what was counted as it is.
        others: by change.
        names: of the changes, as a table has them.
    """

    def __init__(self, choices: Sequence[Choice], empty: Callable[[], Tally]) -> None:
        """Nothing is counted yet."""
        self._changes = {(choice.name, how): change for choice in choices for how, change in choice.changes.items()}
        self.usual = empty()
        self.others = {change: empty() for change in self._changes}
        self.names = {(choice.name, how): _title(choice, how) for choice in choices for how in choice.changes}

    def look(self, count: Callable[[Tally], None]) -> None:
        """Measure and count something: once as it is, and once with each change."""
        count(self.usual)
        for change, values in self._changes.items():
            with changed(values):
                count(self.others[change])


def run(args: argparse.Namespace) -> int:
    """Measure, and print the tables; returns the exit code.

    Raises:
        ImageError: if the photo cannot be read.
    """
    cv2.setNumThreads(1)
    sys.stdout.writelines(f"{line}\n" for line in _lines(args))
    return 0


def _lines(args: argparse.Namespace) -> Iterator[str]:
    alone = named(edge_numbers() if args.numbers else edge_rules(), args.only)
    referenced = named(registration_numbers() if args.numbers else registration_rules(), args.only)
    over_frames = named(frame_numbers() if args.numbers else (), args.only)
    measured: list[Centering] = []
    yield from _scene_lines(args.count, alone, referenced, measured)
    if over_frames:
        yield from _frame_lines(over_frames, measured[:RESTING_CARDS])
    if args.photo is None:
        yield "Real cards were not measured: no --photo was given."
    elif alone:
        yield from _photo_lines(args.photo, alone)


def _scene_lines(
    count: int, alone: Sequence[Choice], referenced: Sequence[Choice], measured: list[Centering]
) -> Iterator[str]:
    """Tables of simulated cards; adds those that were measured."""
    studies = Study(alone, SceneTally), Study(referenced, SceneTally)
    for number, scene in enumerate(centering_scenes(count, FIRST_SEED, unknown_cards(600)), 1):
        for study, reference in zip(studies, (None, scene.reference), strict=True):
            if study.others:
                study.look(partial(_count_scene, scene, reference))
        found = measure(scene.image, scene.rough)
        measured += [found] if found.measurable else []
        sys.stderr.write(f"\r{number} of {count} scenes")
    sys.stderr.write("\n")
    for study, title in zip(studies, ("without reference pictures", "with each card's reference picture"), strict=True):
        if study.others:
            yield from (f"{count} simulated cards, {title}:", "")
            yield from (*scenes_table(study.names, study.others, study.usual), "")


def _frame_lines(choices: Sequence[Choice], measured: Sequence[Centering]) -> Iterator[str]:
    study = Study(choices, FramesTally)
    for seed, (first, second) in enumerate(pairwise(measured)):
        study.look(partial(_count_frames, first, second, seed))
    yield from (f"{len(measured) - 1} of these cards, {RESTING} frames of each and then another card:", "")
    yield from (*frames_table(study.names, study.others, study.usual), "")


def _photo_lines(path: Path, choices: Sequence[Choice]) -> Iterator[str]:
    study = Study(choices, PhotoTally)
    for card in _cards_of(read_photo(path)):
        study.look(partial(_count_card, card))
    yield from (f"The cards of {path.name}:", "")
    yield from photo_table(study.names, study.others, study.usual)


def named(choices: Sequence[Choice], parts: Sequence[str]) -> list[Choice]:
    """The choices whose names hold one of these parts, or all of them where none is given."""
    return [choice for choice in choices if not parts or any(part in choice.name for part in parts)]


def _title(choice: Choice, how: str) -> str:
    if choice.value is None:
        return choice.name
    values = choice.value if isinstance(choice.value, tuple) else (choice.value,)
    return f"{choice.name} ({', '.join(f'{each:g}' for each in values)}): {how}"


def _count_scene(scene: CenteringScene, reference: PrintReference | None, tally: SceneTally) -> None:
    setup = Setup() if reference is None else Setup(backs=(back_reference(),))
    tally.add(measure(scene.image, scene.rough, reference, setup), scene.truth_mm)


def _count_frames(first: Centering, second: Centering, seed: int, tally: FramesTally) -> None:
    tally.add(first, second, seed)


def _count_card(card: tuple[tuple[Image, Quad], tuple[Image, Quad]], tally: PhotoTally) -> None:
    tally.add(*(measure(image, quad) for image, quad in card))


def _cards_of(photo: Image) -> Iterator[tuple[tuple[Image, Quad], tuple[Image, Quad]]]:
    """Each card of a photo by itself, with its rough outline [4, 2]: as it is, and turned."""
    for detection in CardDetector().detect(photo):
        low = np.maximum(np.floor(detection.quad.min(axis=0)).astype(int) - MARGIN_PX, 0)
        high = np.ceil(detection.quad.max(axis=0)).astype(int) + MARGIN_PX
        card = np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]])
        quad = np.asarray(detection.quad - low, dtype=np.float64)
        yield (card, quad), _turned(card, quad)


def _turned(image: Image, quad: Quad) -> tuple[Image, Quad]:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), TURNED_DEG, 1)
    picture = cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, dtype=np.uint8), transform_points(np.vstack([turn, [0, 0, 1]]), quad)
