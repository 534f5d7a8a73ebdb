import cv2
import numpy as np
import pytest

from edge.imaging.preprocessing import preprocess
from edge.manifests import Preprocessing

CARD = np.random.default_rng(0).integers(0, 256, (704, 504, 3), dtype=np.uint8)


def test_a_batch_has_the_models_layout_and_range():
    batch = preprocess([CARD, CARD], Preprocessing(width=160, height=224))
    assert batch.shape == (2, 3, 224, 160)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    expected = cv2.resize(CARD, (160, 224), interpolation=cv2.INTER_AREA)[..., ::-1]
    np.testing.assert_array_equal(batch[1].transpose(1, 2, 0), expected)


@pytest.mark.parametrize("order", ["RGB", "BGR"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_colour_order_and_layout_follow_the_manifest(order: str, layout: str):
    blue = np.zeros((704, 504, 3), dtype=np.uint8)
    blue[..., 0] = 200
    (pixels,) = preprocess([blue], Preprocessing(width=16, height=24, color_order=order, layout=layout))
    channels = pixels if layout == "NCHW" else pixels.transpose(2, 0, 1)
    assert channels.shape == (3, 24, 16)
    assert [float(channel.mean()) for channel in channels] == ([0, 0, 200] if order == "RGB" else [200, 0, 0])


def test_no_cards_give_an_empty_batch():
    assert preprocess([], Preprocessing(width=160, height=224)).shape == (0, 3, 224, 160)


def test_a_card_of_any_size_is_taken():
    assert preprocess([CARD[:1, :1], CARD[::2]], Preprocessing(width=160, height=224)).shape == (2, 3, 224, 160)
