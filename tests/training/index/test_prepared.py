import json

import numpy as np
import pytest

from edge.imaging.print_reference import PrintReference
from tests.training.conftest import coarse_cards
from training.data.fingerprints import fingerprint
from training.index.prepared import PreparedImage

PICTURE = coarse_cards(1)[0]


def prepared(reference: PrintReference | None) -> PreparedImage:
    return PreparedImage(
        digest="ab" * 32,
        fingerprint=fingerprint(PICTURE),
        hash=np.arange(128, dtype=np.uint8),
        embeddings=np.random.default_rng(0).normal(size=(2, 24)).astype(np.float32),
        embedded=True,
        reference=reference,
    )


@pytest.mark.parametrize("borders_mm", [None, {"left": 2.0, "right": 2.5, "top": 3.0, "bottom": 3.25}])
def test_what_a_killed_build_kept_is_the_same_to_the_last_bit(borders_mm):
    image = prepared(PrintReference(encoded=b"a picture", borders_mm=borders_mm, name="c-1"))
    again = PreparedImage.from_json(json.loads(json.dumps(image.to_json())), "c-1")
    assert (again.digest, again.reference, again.embedded) == (image.digest, image.reference, False)
    assert np.array_equal(again.hash, image.hash)
    assert again.embeddings.dtype == np.float32
    assert np.array_equal(again.embeddings, image.embeddings)
    for part in ("hash", "grey", "color"):
        assert np.array_equal(getattr(again.fingerprint, part), getattr(image.fingerprint, part))


def test_an_image_without_a_reference_still_has_none():
    assert PreparedImage.from_json(prepared(None).to_json(), "c-1").reference is None


@pytest.mark.parametrize("damage", [{"hash": "no base64!"}, {"fingerprint": []}, {"embeddings": None}])
def test_what_was_kept_and_is_damaged_is_an_error_and_no_image(damage):
    with pytest.raises((KeyError, TypeError, ValueError)):
        PreparedImage.from_json(prepared(None).to_json() | damage, "c-1")
