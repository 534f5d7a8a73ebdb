"""`card-training preview`: a contact sheet of disturbed cards, for a person to judge."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.errors import ImageError
from edge.geometry import Image
from edge.simulator.card import render_card
from edge.simulator.sets import training_cards
from training.augmentation import AugmentationSettings, Disturbance, augment, disturbances
from training.augmentation.outline import cut_out
from training.augmentation.surface import add_foil
from training.references import PX_PER_MM

CELL = (160, 224)
MIXED = 6


def run(args: argparse.Namespace) -> int:
    """Write the sheet; returns the exit code.

    Raises:
        ImageError: if it cannot be written.
    """
    specs = training_cards(50 * args.cards)[::50]
    sheet = contact_sheet([render_card(spec, PX_PER_MM) for spec in specs], args.seed)
    write_picture(args.output, sheet)
    sys.stdout.write(f"{args.output}: original, each disturbance alone, then {MIXED} as in training\n")
    return 0


def contact_sheet(cards: Sequence[Image], seed: int) -> Image:
    """One row for each card: the original, every disturbance alone with its name, and some mixed as in training."""
    settings = AugmentationSettings()
    shown: dict[str, Disturbance] = {"original": _unchanged, "outline": _outlined, "foil": add_foil}
    shown |= {disturb.__name__: disturb for _, disturb in disturbances(settings)}
    rows = []
    for number, card in enumerate(cards):
        small = np.asarray(cv2.resize(card, CELL, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        cells = [
            _labelled(disturb(small, np.random.default_rng([seed, number])), name) for name, disturb in shown.items()
        ]
        rngs = [np.random.default_rng([seed, number, i]) for i in range(MIXED)]
        cells += [_labelled(augment(card, rng, settings, CELL), "mixed") for rng in rngs]
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture file.

    Raises:
        ImageError: if it cannot be written.
    """
    try:
        done, data = cv2.imencode(path.suffix, picture)
    except cv2.error as cause:
        raise ImageError(f"cannot write pictures of the kind '{path.suffix}'; name the file .png or .jpg") from cause
    if not done:
        raise ImageError(f"cannot encode the picture {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as cause:
        raise ImageError(f"cannot write {path}: {cause.strerror}") from cause


def _unchanged(card: Image, _rng: np.random.Generator) -> Image:
    return card


def _outlined(card: Image, rng: np.random.Generator) -> Image:
    return cut_out(card, rng, CELL)


def _labelled(card: Image, name: str) -> Image:
    labelled = card.copy()
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(labelled, name, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness, cv2.LINE_AA)
    return labelled
