"""Different physical copies of real cards in one photo: the embedder has never seen a real card."""

from pathlib import Path

import numpy as np
import pytest

from edge.detection import CardDetector
from edge.embedding.onnx import OnnxEmbedder
from edge.imaging.photos import read_photo
from edge.imaging.rectification import rectify
from edge.settings.sections import RecognitionSettings

PHOTO = Path(__file__).parents[2].parent / "shared" / "data" / "photos" / "mtg_alpha_deck.jpg"
# Which card lies where; equal letters are copies of one card.
ROWS = ("AABBCCCC", "DDEEFGGH", "IIJJKKLL", "IIMMMMMM", "NNNNNNNN")
MOST_EQUAL, LEAST_DIFFERENT = 0.15, 0.2


@pytest.mark.skipif(not PHOTO.is_file(), reason="the real photo is not here")
def test_copies_of_a_real_card_lie_nearer_than_any_other_card():
    photo = read_photo(PHOTO)
    quads = [detection.quad for detection in CardDetector().detect(photo)]
    assert len(quads) == sum(map(len, ROWS))
    size = np.array(photo.shape[1::-1]) / (len(ROWS[0]), len(ROWS))
    places = [(quad.mean(axis=0) // size).astype(int) for quad in quads]
    names = np.array([ROWS[row][column] for column, row in places])
    with_copies = np.array([np.count_nonzero(names == name) > 1 for name in names])
    embeddings = OnnxEmbedder(RecognitionSettings().model).embed([rectify(photo, quad) for quad in quads])
    distances = 1 - embeddings @ embeddings.T + 9 * np.eye(len(quads))
    assert (names[distances.argmin(axis=1)] == names)[with_copies].all()
    equal = (names[:, None] == names[None, :]) & (distances < 5)
    assert np.percentile(distances[equal], 95) < MOST_EQUAL
    assert np.percentile(distances[names[:, None] != names[None, :]], 1) > LEAST_DIFFERENT
