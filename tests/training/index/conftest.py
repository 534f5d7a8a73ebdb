import argparse
from pathlib import Path

import pytest

from edge.simulator.sets import demo_cards
from tests.training.conftest import write_card_folder
from training.index import build as index

REPRINT = next(card for card in demo_cards() if card.lookalike_of)
ORIGINAL = next(card for card in demo_cards() if card.card_id == REPRINT.lookalike_of)
OTHERS = [card for card in demo_cards() if card.lookalike_of is None and card is not ORIGINAL][:3]
CARDS = {card.card_id: card for card in [ORIGINAL, REPRINT, *OTHERS]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five cards as images, among them a reprint and its original, and their metadata."""
    write_card_folder(tmp_path, CARDS.values())
    return tmp_path


def build(folder: Path, model: Path, *more: str, cards: str | None = None) -> int:
    parser = argparse.ArgumentParser()
    index.add_parser(parser.add_subparsers())
    arguments = ["--cards", cards or str(folder / "cards"), "--metadata", str(folder / "cards.json")]
    args = parser.parse_args(["index", *arguments, "--model", str(model), "--output", str(folder / "out"), *more])
    return int(args.run(args))


def image_of(folder: Path, card_id: str) -> Path:
    return next((folder / "cards").glob(f"{card_id}_*"))
