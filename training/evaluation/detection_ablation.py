"""`card-training ablate detection`: the detector as it is, and again with each of its choices changed.

All see the same pictures: simulated scenes, whose truth says what was found and how well, real photos of which the
number of cards is known, and frames of the simulated bench.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

import cv2

from edge.detection import CardDetector, SensorBoxes, WholeFrame
from edge.detection.following.following import Attention
from edge.detection.shape import grown_quad
from edge.errors import ConfigurationError
from edge.geometry import Image, Quad
from edge.imaging.photos import read_photo
from training.evaluation.ablation_tally import Outcome, Tally, frames_table, photos_table, same_outlines, scenes_table
from training.evaluation.choices import Choice, changed, current
from training.evaluation.detection_choices import NETWORK_OPENERS, REDUCTIONS, detection_choices, other_choices
from training.evaluation.following_ablation import FollowingAblation, bench_frames
from training.evaluation.following_choices import following_choices, sensor_choices
from training.evaluation.outline_scenes import outline_scenes
from training.evaluation.photos import card_counts
from training.evaluation.remembering import Memory

Find = Callable[[CardDetector], list[Quad]]

# geometry: the outlines of a card that are wrong: its art window's, and its holder's.
WRONG_MM = (-12.0, 6.0)


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

    def look(self, find: Find, add: Callable[[Tally, list[Quad]], None]) -> None:
        """Find outlines once more; `add` takes what was found into a tally."""
        as_it_is, others = self.outcome
        with changed(self._reductions):
            usual = find(self._detector)
            add(as_it_is, usual)
            for key, change in self._changes.items():
                with changed(change):
                    quads = find(self._detector)
                others[key].differing += not same_outlines(usual, quads)
                add(others[key], quads)
        self._memory.forget()


def run(args: argparse.Namespace) -> int:
    """Measure, and print the tables; returns the exit code.

    Raises:
        ConfigurationError: if no choice has such a name, or the photos are not listed.
        ImageError: if a photo cannot be read.
    """
    if (args.photos is None) != (args.truth is None):
        raise ConfigurationError("real photos need both: --photos DIR and --truth FILE")
    wanted = named((*detection_choices(), *other_choices(), *following_choices(), *sensor_choices()), args.only)
    cv2.setNumThreads(1)
    of_pictures = [choice for choice in detection_choices() if choice.name in wanted]
    if of_pictures:
        _show(scenes_table(of_pictures, _scenes(of_pictures, args.count), f"{args.count} scenes"))
    if of_pictures and args.truth is not None:
        _show(photos_table(of_pictures, _photos(of_pictures, args.photos, args.truth)))
    of_looks = [choice for choice in other_choices() if choice.name in wanted]
    if of_looks:
        looked = -(-args.count // 2)  # they take several times as long
        said = f"Closer looks at a card of each of {looked} scenes, from a wrong outline"
        _show(scenes_table(of_looks, _others(of_looks, looked), said))
    for choices, attention in ((following_choices(), WholeFrame), (sensor_choices(), SensorBoxes)):
        of_frames = [choice for choice in choices if choice.name in wanted]
        if of_frames:
            _show(frames_table(of_frames, _frames(of_frames, attention, args.frames), args.frames))
    return 0


def _scenes(choices: Sequence[Choice], count: int) -> Outcome:
    ablation = Ablation(choices)
    for number, scene in enumerate(outline_scenes(count), 1):
        ablation.look(partial(_detected, image=scene.image), partial(Tally.add_scene, scene=scene))
        sys.stderr.write(f"\r{number} of {count} scenes")
    sys.stderr.write("\n")
    return ablation.outcome


def _others(choices: Sequence[Choice], count: int) -> Outcome:
    ablation = Ablation(choices)
    for scene, wrong_mm in zip(outline_scenes(count), cycle(WRONG_MM), strict=False):
        for quad in scene.asked_for[:1]:
            find = partial(CardDetector.others, image=scene.image, quad=grown_quad(quad, wrong_mm))
            ablation.look(find, partial(Tally.add_scene, scene=replace(scene, asked_for=(quad,))))
    return ablation.outcome


def _detected(detector: CardDetector, image: Image) -> list[Quad]:
    return [detection.quad for detection in detector.detect(image)]


def _photos(choices: Sequence[Choice], folder: Path, truth: Path) -> Outcome:
    ablation = Ablation(choices)
    for name, cards in card_counts(truth).items():
        image = read_photo(folder / name)
        ablation.look(partial(_detected, image=image), partial(Tally.add_photo, cards=cards))
    return ablation.outcome


def _frames(choices: Sequence[Choice], attention: Callable[[], Attention], count: int) -> Outcome:
    ablation = FollowingAblation(choices, attention)
    for number, (frame, scene) in enumerate(bench_frames(count), 1):
        ablation.look(frame, scene)
        sys.stderr.write(f"\r{number} of {count} frames")
    sys.stderr.write("\n")
    return ablation.outcome


def _show(table: str) -> None:
    sys.stdout.write(table + "\n")
    sys.stdout.flush()


def named(choices: Sequence[Choice], parts: Sequence[str]) -> set[str]:
    """The names that hold one of these parts, or all names where none is given.

    Raises:
        ConfigurationError: if a part is in no name.
    """
    names = [choice.name for choice in choices]
    for part in parts:
        if not any(part in name for name in names):
            raise ConfigurationError(f"no choice of the detector is called {part}; there are {', '.join(names)}")
    return {name for name in names if not parts or any(part in name for part in parts)}
