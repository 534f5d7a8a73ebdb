"""`card-training evaluate learned`: does a card that was learned on the spot make others of its kind be taken for it?

Of cards that no database knows, reprints left out, every second one is learned, each from three looks in one of a few
lights; the others, of the same sets, are then shown in those very lights, which is where a card that was not learned
comes nearest.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.database.learned_card import VIEWS, LearnedCard
from edge.database.learned_gallery import LearnedGallery
from edge.errors import LearningError
from edge.files.paths import named_path
from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.recognition.belief import Worth
from edge.recognition.learning import View, learned_card
from edge.recognition.opening import open_recognizer
from edge.recognition.recognizer import Recognizer
from edge.settings.sections import RecognitionSettings
from edge.simulator.sets import unknown_cards
from training.augmentation import AugmentationSettings, augment
from training.calibration.intervals import counted
from training.data.gallery import GalleryImage, demo_gallery
from training.evaluation.held_out import simulated_images

_LIGHTS = 8
# Four pixels/mm, as the calibration's crops.
_CROP_SIZE = (252, 352)
# What lies under a lamp without being covered, dazzled or blurred: else it cannot be learned.
_LIGHT = AugmentationSettings(
    clean=0.2, foil=0.0, glare=0.0, fingers=0.0, objects=0.0, greyscale=0.0, low_light=0.0, defocus=0.0, motion=0.0
)
_ANY = AugmentationSettings(clean=0.5)
_NOISE = 2.0
_HEADING = """| cards | shown | confirmed wrongly: before | after | rightly: before | after | named: before | after |
|---|---|---|---|---|---|---|---|"""

Numbered = tuple[int, GalleryImage]
Crop = Callable[[int, GalleryImage], Image]


def add_arguments(parser: argparse.ArgumentParser, model: Path, database: Path) -> None:
    """Declare the options."""
    parser.add_argument("--count", type=int, default=400, help="cards that no database knows (default: 400)")
    parser.add_argument("--model", type=named_path, default=model)
    parser.add_argument("--database", type=named_path, default=database)


def run(args: argparse.Namespace) -> int:
    """Measure, and print the table; returns the exit code."""
    specs = [spec for spec in unknown_cards(args.count) if spec.lookalike_of is None]
    images, known = simulated_images(specs), demo_gallery()[0]
    taught, others = list(enumerate(images[::2])), list(enumerate(images[1::2]))
    with closing(open_recognizer(RecognitionSettings(model=args.model, database=args.database))) as before:
        cards, refused = _learn(before, taught)
        after = before.with_learned(LearnedGallery(list(cards.values())))
        learned = [(number, image) for number, image in taught if image.card_id in cards]
        ids = {each: card.card_id for each, card in cards.items()}
        in_database = list(enumerate(known[:: max(1, len(known) // len(others))]))
        shown: tuple[tuple[str, Sequence[Numbered], Crop, Mapping[str, str]], ...] = (
            ("not learned, in a light that cards were learned in", others, _in_light, {}),
            ("not learned, in any condition", others, _in_any, {}),
            ("learned, in its light", learned, _in_light, ids),
            ("learned, in any condition", learned, _in_any, ids),
            ("of the database, in any condition", in_database, _in_any, {each.card_id: each.card_id for each in known}),
        )
        lines = [f"{len(cards)} of {len(taught)} cards were learned; refused: {refused.most_common()}", "", _HEADING]
        lines += [_row(title, numbered, crop, names, (before, after)) for title, numbered, crop, names in shown]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _learn(recognizer: Recognizer, numbered: Sequence[Numbered]) -> tuple[dict[str, LearnedCard], Counter[str]]:
    """Card id -> what it was learned as; and why others were not."""
    cards: dict[str, LearnedCard] = {}
    refused: Counter[str] = Counter()
    for number, image in numbered:
        looks = [_in_light(number, image, look) for look in range(1, VIEWS + 1)]
        views = [View(card=look, sharpness=0.0, shown_since=0) for look in looks]
        try:
            cards[image.card_id] = learned_card(recognizer, image.card_id, views)[0]
        except LearningError as refusal:
            refused[str(refusal).partition(" (")[0]] += 1
    return cards, refused


def _row(
    title: str,
    numbered: Sequence[Numbered],
    crop: Crop,
    names: Mapping[str, str],
    recognizers: Sequence[Recognizer],
) -> str:
    """A line of the table: shares confirmed wrongly, confirmed rightly and named, by each of the recognisers."""
    wrong, right, named = (np.zeros((len(recognizers), len(numbered)), dtype=np.bool_) for _ in range(3))
    for place, (number, image) in enumerate(numbered):
        shown = crop(number, image)
        for which, recognizer in enumerate(recognizers):
            (answer,) = recognizer.recognize([shown])
            confirmed = answer.worth is Worth.STRONG
            same = answer.card_id is not None and answer.card_id == names.get(image.card_id)
            wrong[which, place], right[which, place] = confirmed and not same, confirmed and same
            if confirmed and not same:
                sys.stderr.write(
                    f"{title}: {image.card_id} was taken for {recognizer.details(answer.card_id or '').name}\n"
                )
            named[which, place] = answer.named
    figures = [_share(hits) for kind in (wrong, right, named) for hits in kind]
    return f"| {title} | {len(numbered)} | {' | '.join(figures)} |"


def _share(hits: NDArray[np.bool_]) -> str:
    counts = counted(hits, np.arange(len(hits)))
    low, high = counts["interval_95"]
    return f"{counts['value']:.1%} ({low:.1%} to {high:.1%})"


def _in_light(number: int, image: GalleryImage, look: int = 0) -> Image:
    """A look at a card in one of the lights; looks in one light differ by the sensor's noise."""
    crop = augment(image.load(), np.random.default_rng([number % _LIGHTS, 11]), _LIGHT, _CROP_SIZE)
    noise = np.random.default_rng([number, look, 12]).normal(0, _NOISE, crop.shape)
    return _full_size(np.clip(crop + noise, 0, 255).astype(np.uint8))


def _in_any(number: int, image: GalleryImage) -> Image:
    return _full_size(augment(image.load(), np.random.default_rng([number, 13]), _ANY, _CROP_SIZE))


def _full_size(crop: Image) -> Image:
    size = (RECTIFIED_WIDTH, RECTIFIED_HEIGHT)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
