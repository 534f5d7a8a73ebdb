from pathlib import Path

import numpy as np
import pytest

from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from training.data.gallery import GalleryImage
from training.data.lookalikes import Members
from training.index.kept_groups import cut_or_kept


class Gallery:
    """Images that count how often they are looked at."""

    def __init__(self) -> None:
        self.looks = 0

    def image(self, card_id: str, stamp: int) -> tuple[GalleryImage, str]:
        def load() -> Image:
            self.looks += 1
            card = np.random.default_rng(0).integers(0, 255, (RECTIFIED_HEIGHT, RECTIFIED_WIDTH, 3), dtype=np.uint8)
            card[600:620, 100 : 110 + 10 * stamp] = 0
            return card

        return GalleryImage(card_id=card_id, variant=0, load=load), f"stamp {stamp}"


@pytest.fixture
def gallery() -> Gallery:
    return Gallery()


def group(gallery: Gallery, *stamps: int) -> Members:
    return tuple(gallery.image(f"a-{number}", stamp) for number, stamp in enumerate(stamps))


def test_only_what_changed_is_compared_again(gallery: Gallery, tmp_path: Path) -> None:
    first, second, other = group(gallery, 1, 2), group(gallery, 3, 4), group(gallery, 3, 5)
    made = cut_or_kept(tmp_path, [first, second], 1)
    assert gallery.looks == 4
    assert cut_or_kept(tmp_path, [first, second], 1) == made
    assert gallery.looks == 4
    changed = cut_or_kept(tmp_path, [first, other], 1)
    assert gallery.looks == 6
    assert changed.groups[0] == made.groups[0]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"group": 1, "pictures": {"a": "%"}}', b"\xff"])
def test_a_damaged_group_is_compared_again(gallery: Gallery, tmp_path: Path, content: bytes) -> None:
    made = cut_or_kept(tmp_path, [group(gallery, 1, 2)], 1)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert cut_or_kept(tmp_path, [group(gallery, 1, 2)], 1) == made


def test_equal_placeholders_are_looked_at_once(gallery: Gallery, tmp_path: Path) -> None:
    made = cut_or_kept(tmp_path, [group(gallery, *[1] * 1600)], 1)
    assert gallery.looks == 1
    assert len(made.references) == 2
    assert len(made.groups[0].members) == 1600
    assert made.groups[0].windows == ()
