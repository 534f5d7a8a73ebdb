"""The detector on real photos with a known number of fully visible cards."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from edge.detection import CardDetector
from edge.errors import ConfigurationError
from edge.photos import read_photo


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoOutcome:
    """One photo: how many cards are in it and how many were found."""

    name: str
    width: int
    height: int
    cards: int
    found: int
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
    try:
        counts = {name: int(entry["cards"]) for name, entry in json.loads(truth.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise ConfigurationError(f"{truth} does not list the cards of each photo: {cause}") from cause
    detector = CardDetector()
    outcomes = []
    for name, cards in sorted(counts.items()):
        image = read_photo(folder / name)
        start = time.perf_counter()
        found = len(detector.detect(image))
        seconds = time.perf_counter() - start
        height, width = image.shape[:2]
        outcomes.append(PhotoOutcome(name=name, width=width, height=height, cards=cards, found=found, seconds=seconds))
    return outcomes


def photos_to_markdown(outcomes: list[PhotoOutcome]) -> str:
    """A table of the outcomes."""
    lines = ["| photo | size | cards | found | seconds |", "|---|---|---|---|---|"]
    lines += [f"| {o.name} | {o.width} x {o.height} | {o.cards} | {o.found} | {o.seconds:.2f} |" for o in outcomes]
    exact = sum(o.cards == o.found for o in outcomes)
    lines.append(f"\n{exact} of {len(outcomes)} photos with the exact count")
    return "\n".join(lines) + "\n"
