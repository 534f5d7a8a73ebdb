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
from edge.files.printing import printable
from edge.geometry import Image
from edge.simulator.card import render_card
from edge.simulator.sets import training_cards
from training.augmentation import (
    DISTURBANCES,
    SMALLEST_RESOLUTION,
    AugmentationSettings,
    Disturbance,
    augment,
)
from training.augmentation.outline import cut_out
from training.augmentation.surface import add_foil
from training.data.card_folder import survey_folder
from training.data.gallery import read_card_image
from training.data.references import COLUMNS, PX_PER_MM, ROWS
from training.progress import to_stderr

CELL = (160, 224)
MIXED = 6


def run(args: argparse.Namespace) -> int:
    """Write the sheet; returns the exit code.

    Raises:
        ImageError: if it cannot be written.
    """
    cards = _simulated(args.cards) if args.folder is None else own_cards(args.folder, args.cards)
    sheet = device_sheet(cards, args.seed) if args.on_device else contact_sheet(cards, args.seed)
    write_picture(args.output, sheet)
    sys.stdout.write(f"{args.output}: original, each disturbance alone, then {MIXED} as in training\n")
    return 0


def own_cards(folder: Path, count: int) -> list[Image]:
    """Some cards of a folder, from all parts of it, as a network learns them; what cannot be used is said on stderr.

    Args:
        folder: of card images.
        count: how many; fewer where the folder has fewer.

    Returns:
        Each uint8 [352, 252, 3] BGR.

    Raises:
        ConfigurationError: if the folder is none, or holds no images.
        ImageError: if none of those that were chosen can be used.
    """
    files = survey_folder(folder, None).files
    chosen = [files[round(place)] for place in np.linspace(0, len(files) - 1, min(count, len(files)))]
    cards: list[Image] = []
    for file in chosen:
        try:
            card = cv2.resize(read_card_image(file), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
        except ImageError as cause:
            to_stderr(f"left out: {printable(str(cause))}\n")
        else:
            cards.append(np.asarray(card, dtype=np.uint8))
    if not cards:
        raise ImageError(f"none of {len(chosen)} images of {folder} can be used; card-training inspect says why")
    return cards


def _simulated(count: int) -> list[Image]:
    return [render_card(spec, PX_PER_MM) for spec in training_cards(50 * count)[::50]]


def contact_sheet(cards: Sequence[Image], seed: int) -> Image:
    """One row for each card: the original, every disturbance alone by its setting, and some mixed as in training."""
    settings = AugmentationSettings()
    shown: dict[str, Disturbance] = {"original": _unchanged, "outline": _outlined, "foil": add_foil}
    shown |= {"low_resolution": _reduced, **dict(DISTURBANCES)}
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
    from training.augmentation.on_device import DEVICE_DISTURBANCES, augment_batch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    settings = AugmentationSettings()
    stacked = torch.from_numpy(np.stack([card[..., ::-1].transpose(2, 0, 1) for card in cards])).to(device)
    small = augment_batch(stacked, Draw(seed, device), AugmentationSettings(clean=1.0), CELL)
    columns = {"original": small}
    for name, disturb in DEVICE_DISTURBANCES:
        seen = disturb(small.float() / 255, Draw(seed, device)).clamp(0, 1)
        columns[name] = (255 * seen).round().to(torch.uint8)
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


def _reduced(card: Image, _rng: np.random.Generator) -> Image:
    small = cv2.resize(card, None, fx=SMALLEST_RESOLUTION, fy=SMALLEST_RESOLUTION, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, CELL, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _picture(pixels: NDArray[np.uint8]) -> Image:
    """BGR [H, W, 3] of RGB [3, H, W]."""
    return np.ascontiguousarray(pixels[::-1].transpose(1, 2, 0))


def _labelled(card: Image, name: str) -> Image:
    labelled = card.copy()
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(labelled, name, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness, cv2.LINE_AA)
    return labelled
