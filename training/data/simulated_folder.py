"""`card-training simulate`: card images and their list, as many as a real game has, for trying `index` on them."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from edge.errors import ConfigurationError
from edge.geometry import Image
from edge.simulator.card import render_back, render_card
from edge.simulator.sets import CardSpec, full_size_cards
from training.data.gallery import card_details
from training.parallel.processes import in_processes

IMAGES_FOLDER, METADATA_FILE, BACK_FILE = "images", "metadata.json", "back.jpg"
# chosen: between the small and the large images of the card sites, which are 245 and 734 pixels wide; 40 kB each.
_PX_PER_MM = 5
_QUALITY = 90
# chosen: of eight reprints one shows the picture of its original, as in galleries that have none of its own.
_EQUAL_EVERY = 8
_SAID_EVERY = 500

Picture = tuple[Path, CardSpec]


def run(args: argparse.Namespace) -> int:
    """Write the images that are not there yet, the list of cards, and the back.

    Raises:
        ConfigurationError: if a file cannot be written.
    """
    output: Path = args.output
    cards = full_size_cards(args.cards)
    pictures = [picture for picture in pictured(cards, output / IMAGES_FOLDER) if not picture[0].exists()]
    try:
        (output / IMAGES_FOLDER).mkdir(parents=True, exist_ok=True)
        for number, _ in enumerate(in_processes(_draw, pictures, args.workers or os.cpu_count() or 1), 1):
            if number % _SAID_EVERY == 0:
                sys.stderr.write(f"{number} of {len(pictures)} images\n")
        _write(output / BACK_FILE, render_back(_PX_PER_MM))
        details = {card.card_id: card_details(card).model_dump(exclude_none=True) for card in cards}
        (output / METADATA_FILE).write_text(json.dumps(details, indent=1) + "\n", encoding="utf-8")
    except OSError as cause:
        raise ConfigurationError(f"cannot write to {output}: {cause.strerror}; is there room?") from cause
    sys.stdout.write(f"{output}: {len(cards)} cards, {len(pictures)} of them drawn now\n")
    return 0


def pictured(cards: Sequence[CardSpec], folder: Path) -> list[Picture]:
    """The file of each card, and the card that its picture shows: some reprints have none of their own."""
    by_id = {card.card_id: card for card in cards}
    reprints = [card for card in cards if card.lookalike_of is not None]
    shown = {card.card_id: by_id[str(card.lookalike_of)] for card in reprints[::_EQUAL_EVERY]}
    return [
        (folder / f"{card.card_id}_{card.name.replace(' ', '_')}.jpg", shown.get(card.card_id, card)) for card in cards
    ]


def _draw(picture: Picture) -> None:
    cv2.setNumThreads(1)
    path, card = picture
    _write(path, render_card(card, _PX_PER_MM))


def _write(path: Path, image: Image) -> None:
    """Write a picture complete or not at all, so that a run that was ended goes on where it was."""
    unfinished = path.with_suffix(".partial")
    unfinished.write_bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
    unfinished.replace(path)
