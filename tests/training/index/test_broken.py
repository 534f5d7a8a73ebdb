import cv2
import numpy as np
import pytest

from training.data.gallery import GalleryImage
from training.index.broken import broken_first

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)


def images_of(folder, contents):
    found = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.any"
        path.write_bytes(content)
        found.append(GalleryImage(card_id=str(number), variant=0, load=lambda: PICTURE, file=path))
    return found


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
def test_a_file_that_is_cut_off_comes_before_whole_ones(tmp_path, kind):
    whole = cv2.imencode(kind, PICTURE)[1].tobytes()
    images = images_of(tmp_path, [whole, whole, whole[: len(whole) // 2], whole])
    assert broken_first(images, range(4)) == [2, 0, 1, 3]


def test_files_that_are_empty_missing_or_no_pictures_come_first_in_their_order(tmp_path):
    whole = cv2.imencode(".png", PICTURE)[1].tobytes()
    images = images_of(tmp_path, [whole, b"", b"<html>not found</html>", whole])
    images.append(GalleryImage(card_id="gone", variant=0, load=lambda: PICTURE, file=tmp_path / "gone.png"))
    assert broken_first(images, range(5)) == [1, 2, 4, 0, 3]


def test_what_has_no_file_is_not_broken_and_only_the_asked_numbers_are_given(tmp_path):
    images = [GalleryImage(card_id="drawn", variant=0, load=lambda: PICTURE), *images_of(tmp_path, [b"", b""])]
    assert broken_first(images, [0, 2]) == [2, 0]
