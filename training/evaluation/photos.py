"""The detector on real photos with a known number of fully visible cards."""

import json
import time
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import cv2
import numpy as np

from edge.detection import CardDetector
from edge.errors import ConfigurationError
from edge.geometry import Image
from edge.imaging.photos import read_photo
from edge.settings.sections import CameraSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoOutcome:
    """One photo.

    Attributes:
        name: of its file.
        width: in pixels.
        height: in pixels.
        cards: that are wholly in it.
        found: in the photo as it is.
        found_live: in the photo at the size of a camera's frames.
        seconds: that the search of the photo as it is took.
    """

    name: str
    width: int
    height: int
    cards: int
    found: int
    found_live: int
    seconds: float


def evaluate_photos(folder: Path, truth: Path) -> list[PhotoOutcome]:
    """Count the cards found in every photo that `truth` lists.

    Args:
        folder: of the photos.
        truth: JSON, file name -> {"cards": number of fully visible cards}.

    Raises:
        ConfigurationError: if `truth` cannot be read.
        ImageError: if a listed photo cannot be read.
    """
    detector = CardDetector()
    outcomes = []
    for name, cards in card_counts(truth).items():
        image = read_photo(folder / name)
        start = time.perf_counter()
        found = len(detector.detect(image))
        seconds = time.perf_counter() - start
        height, width = image.shape[:2]
        found_live = len(detector.detect(as_frame(image)))
        outcomes.append(
            PhotoOutcome(
                name=name,
                width=width,
                height=height,
                cards=cards,
                found=found,
                found_live=found_live,
                seconds=seconds,
            )
        )
    return outcomes


def card_counts(truth: Path) -> dict[str, int]:
    """The number of cards wholly in each photo that `truth` lists, by name; raises as `evaluate_photos`."""
    try:
        listed = json.loads(truth.read_text(encoding="utf-8"))
        return {name: int(entry["cards"]) for name, entry in sorted(listed.items())}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise ConfigurationError(f"{truth} does not list the cards of each photo: {cause}") from cause


def as_frame(photo: Image) -> Image:
    """A photo, uint8 [H, W, 3], at the size of a camera's frames; smaller ones as they are."""
    scale = CameraSettings().width / max(photo.shape[:2])
    if scale >= 1:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def photos_to_markdown(outcomes: list[PhotoOutcome]) -> str:
    """A table of the outcomes."""
    lines = ["| photo | size | cards | found | found live | seconds |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {o.name} | {o.width} x {o.height} | {o.cards} | {o.found} | {o.found_live} | {o.seconds:.2f} |"
        for o in outcomes
    ]
    exact, exact_live = (
        sum(o.cards == found(o) for o in outcomes) for found in (attrgetter("found"), attrgetter("found_live"))
    )
    lines.append(f"\n{exact} of {len(outcomes)} photos with the exact count, {exact_live} as frames of a camera")
    return "\n".join(lines) + "\n"
