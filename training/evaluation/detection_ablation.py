"""`card-training ablate detection`: the detector as it is, and again with each of its choices changed.

All see the same pictures: simulated scenes, whose truth says what was found and how well, and real photos of which the
number of cards is known.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np

from edge.detection import CardDetector
from edge.errors import ConfigurationError
from edge.geometry import Image, Quad
from edge.imaging.photos import read_photo
from training.evaluation.ablation_tally import Outcome, Tally, photos_table, scenes_table
from training.evaluation.choices import Choice, changed, current
from training.evaluation.detection_choices import NETWORK_OPENERS, REDUCTIONS, detection_choices
from training.evaluation.outline_scenes import outline_scenes
from training.evaluation.photos import card_counts
from training.evaluation.remembering import Memory

# Geometry: no figure shows a hundredth of a pixel.
SAME_PX = 0.01


class Ablation:
    """Finds the cards of pictures with one detector, as it is and with each change of its choices."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        """Open the detector, its networks such that none is asked the same twice."""
        self._memory = Memory()
        with changed(dict.fromkeys(NETWORK_OPENERS, self._memory.open_network)):
            self._detector = CardDetector()
        self._reductions = {place: self._memory.remembering(current(place)) for place in REDUCTIONS}
        self._changes = {(choice.name, how): change for choice in choices for how, change in choice.changes.items()}
        self.outcome: Outcome = Tally(), {key: Tally() for key in self._changes}

    def look(self, image: Image, add: Callable[[Tally, list[Quad]], None]) -> None:
        """Find the cards in one more picture, uint8 [H, W, 3] BGR; `add` takes what was found into a tally."""
        as_it_is, others = self.outcome
        with changed(self._reductions):
            usual = self._found(image)
            add(as_it_is, usual)
            for key, change in self._changes.items():
                with changed(change):
                    quads = self._found(image)
                others[key].differing += not _same(usual, quads)
                add(others[key], quads)
        self._memory.forget()

    def _found(self, image: Image) -> list[Quad]:
        return [detection.quad for detection in self._detector.detect(image)]


def run(args: argparse.Namespace) -> int:
    """Measure, and print the tables; returns the exit code.

    Raises:
        ConfigurationError: if no choice has such a name, or the photos are not listed.
        ImageError: if a photo cannot be read.
    """
    if (args.photos is None) != (args.truth is None):
        raise ConfigurationError("real photos need both: --photos DIR and --truth FILE")
    choices = named(detection_choices(), args.only)
    cv2.setNumThreads(1)
    scenes = Ablation(choices)
    for number, scene in enumerate(outline_scenes(args.count), 1):
        scenes.look(scene.image, partial(Tally.add_scene, scene=scene))
        sys.stderr.write(f"\r{number} of {args.count} scenes")
    sys.stderr.write("\n")
    sys.stdout.write(scenes_table(choices, scenes.outcome, args.count))
    if args.truth is not None:
        photos = Ablation(choices)
        for name, cards in card_counts(args.truth).items():
            image = read_photo(args.photos / name)
            photos.look(image, partial(Tally.add_photo, cards=cards))
        sys.stdout.write("\n" + photos_table(choices, photos.outcome))
    return 0


def named(choices: Sequence[Choice], parts: Sequence[str]) -> list[Choice]:
    """The choices whose names hold one of these parts, or all of them where none is given.

    Raises:
        ConfigurationError: if a part is in no name.
    """
    for part in parts:
        if not any(part in choice.name for choice in choices):
            names = ", ".join(choice.name for choice in choices)
            raise ConfigurationError(f"no choice of the detector is called {part}; there are {names}")
    return [choice for choice in choices if not parts or any(part in choice.name for part in parts)]


def _same(first: Sequence[Quad], second: Sequence[Quad]) -> bool:
    """Whether two lists of outlines, best first, are the same."""
    return len(first) == len(second) and all(
        float(np.abs(a - b).max()) <= SAME_PX for a, b in zip(first, second, strict=True)
    )
