from pathlib import Path

import cv2

from edge.simulator.sets import full_size_cards
from training.cli import main
from training.data.card_folder import survey_folder
from training.data.card_list import read_card_list
from training.data.simulated_folder import pictured


def test_index_takes_the_folder(tmp_path: Path) -> None:
    assert main(["simulate", "--cards", "3", "--output", str(tmp_path), "--workers", "1"]) == 0
    found = survey_folder(tmp_path / "images", read_card_list(tmp_path / "metadata.json"))
    assert [image.card_id for image in found.images] == [card.card_id for card in full_size_cards(3)]
    assert found.findings.titled() == {}
    assert cv2.imread(str(tmp_path / "back.jpg")).shape == (440, 315, 3)


def test_what_is_there_is_not_drawn_again(tmp_path: Path) -> None:
    main(["simulate", "--cards", "2", "--output", str(tmp_path), "--workers", "1"])
    first, second = sorted((tmp_path / "images").iterdir())
    first.write_bytes(b"kept")
    second.unlink()
    main(["simulate", "--cards", "2", "--output", str(tmp_path), "--workers", "1"])
    assert first.read_bytes() == b"kept"
    assert second.exists()


def test_one_reprint_in_eight_shows_its_original(tmp_path: Path) -> None:
    cards = full_size_cards(1760)
    reprints = sum(card.lookalike_of is not None for card in cards)
    others = [(card, shown) for card, (_, shown) in zip(cards, pictured(cards, tmp_path), strict=True) if card != shown]
    assert len(others) == -(-reprints // 8)
    assert all(shown.card_id == card.lookalike_of for card, shown in others)
