from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge.embedding.onnx import OnnxEmbedder
from tests.training.conftest import coarse_cards
from training.data.gallery import GalleryImage
from training.index.contents import changed_images, golden_crops, index_rows
from training.index.rows import Former

PICTURES = coarse_cards(20)
IMAGES = [
    GalleryImage(card_id=f"c-{number}", variant=0, load=lambda number=number: PICTURES[number]) for number in range(20)
]


def test_rows_are_every_image_upright_and_then_every_one_upside_down():
    rows = index_rows([*IMAGES[:2], GalleryImage(card_id="c-1", variant=1, load=lambda: PICTURES[1])])
    assert [(row.card_id, row.variant, row.rotation) for row in rows] == [
        (card_id, variant, rotation)
        for rotation in (0, 180)
        for card_id, variant in (("c-0", 0), ("c-1", 0), ("c-1", 1))
    ]


@pytest.mark.parametrize(("count", "chosen"), [(20, [0, 3, 5, 8, 11, 14, 16, 19]), (3, [0, 1, 2])])
def test_golden_crops_are_spread_over_the_images_and_embed_as_they_say(model, count, chosen):
    embedder = OnnxEmbedder(model)
    golden, files = golden_crops(embedder, IMAGES[:count])
    assert list(files) == [crop.file for crop in golden]
    crops = [cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) for content in files.values()]
    expected = [cv2.resize(PICTURES[number], (160, 224), interpolation=cv2.INTER_AREA) for number in chosen]
    assert all(np.array_equal(crop, wanted) for crop, wanted in zip(crops, expected, strict=True))
    assert np.allclose(embedder.embed(crops), [crop.embedding for crop in golden], atol=1e-6)


def test_images_that_came_and_those_that_went_count_as_changed():
    prepared = [SimpleNamespace(digest=digest) for digest in ("kept", "new", "newer")]
    former = Former(manifest=None, embeddings=dict.fromkeys(("kept", "gone"), np.zeros((2, 4), np.float32)))
    assert changed_images(prepared, former) == 3
    assert changed_images(prepared, None) == 3
    assert changed_images(prepared[:1], Former(manifest=None, embeddings={"kept": np.zeros((2, 4))})) == 0
