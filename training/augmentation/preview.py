"""`card-training preview`: a contact sheet of disturbed cards, for a person to judge."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.files.outputs import PICTURE_MARK, check_replaceable, marked_png
from edge.geometry import Image
from edge.simulator.card import render_card
from edge.simulator.sets import training_cards
from training.augmentation import AugmentationSettings, Disturbance, augment, disturbances
from training.augmentation.outline import cut_out
from training.augmentation.surface import add_foil
from training.data.references import PX_PER_MM

CELL = (160, 224)
MIXED = 6


def run(args: argparse.Namespace) -> int:
    """Write the sheet; returns the exit code.

    Raises:
        ImageError: if it cannot be written.
    """
    specs = training_cards(50 * args.cards)[::50]
    cards = [render_card(spec, PX_PER_MM) for spec in specs]
    sheet = device_sheet(cards, args.seed) if args.on_device else contact_sheet(cards, args.seed)
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


def device_sheet(cards: Sequence[Image], seed: int) -> Image:
    """The same sheet by the disturbances of whole batches, on the GPU where there is one."""
    import torch

    from training.augmentation.fields import Draw
    from training.augmentation.on_device import augment_batch, device_disturbances

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    settings = AugmentationSettings()
    stacked = torch.from_numpy(np.stack([card[..., ::-1].transpose(2, 0, 1) for card in cards])).to(device)
    small = augment_batch(stacked, Draw(seed, device), AugmentationSettings(clean=1.0), CELL)
    columns = {"original": small}
    for _, disturb in device_disturbances(settings):
        seen = disturb(small.float() / 255, Draw(seed, device)).clamp(0, 1)
        columns[disturb.__name__] = (255 * seen).round().to(torch.uint8)
    mixed = [augment_batch(stacked, Draw(seed + number, device), settings, CELL) for number in range(MIXED)]
    named = [*columns.items(), *(("mixed", batch) for batch in mixed)]
    rows = [[_labelled(_picture(batch[row].cpu().numpy()), name) for name, batch in named] for row in range(len(cards))]
    return np.vstack([np.hstack(row) for row in rows])


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture file.

    Raises:
        ConfigurationError: if it would replace something else than such a picture.
        ImageError: if it cannot be written.
    """
    check_replaceable(path, PICTURE_MARK)
    try:
        done, data = cv2.imencode(path.suffix, picture)
    except cv2.error as cause:
        raise ImageError(f"cannot write pictures of the kind '{path.suffix}'; name the file .png or .jpg") from cause
    if not done:
        raise ImageError(f"cannot encode the picture {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(marked_png(data.tobytes()) if path.suffix == ".png" else data.tobytes())
    except OSError as cause:
        raise ImageError(f"cannot write {path}: {cause.strerror}") from cause


def _unchanged(card: Image, _rng: np.random.Generator) -> Image:
    return card


def _outlined(card: Image, rng: np.random.Generator) -> Image:
    return cut_out(card, rng, CELL)


def _picture(pixels: NDArray[np.uint8]) -> Image:
    """BGR [H, W, 3] of RGB [3, H, W]."""
    return np.ascontiguousarray(pixels[::-1].transpose(1, 2, 0))


def _labelled(card: Image, name: str) -> Image:
    labelled = card.copy()
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(labelled, name, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness, cv2.LINE_AA)
    return labelled
