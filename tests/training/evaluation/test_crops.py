import cv2
import numpy as np
import pytest

from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.simulator.card import render_card
from edge.simulator.sets import calibration_cards
from training.data.gallery import GalleryImage
from training.evaluation.crops import CONDITIONS, CropJob, render_crop, render_looks

PICTURE = render_card(calibration_cards(1)[0], 8)
IMAGE = GalleryImage(card_id="a-1", variant=0, load=lambda: PICTURE)


def job(condition="clean", seed=5):
    return CropJob(image=IMAGE, condition=condition, seed=seed)


def likeness(first, second):
    """Correlation of two pictures, of which a millimetre is averaged."""
    small = [cv2.resize(each, (63, 88), interpolation=cv2.INTER_AREA).astype(float) for each in (first, second)]
    a, b = ((each - each.mean()).ravel() for each in small)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def test_a_crop_shows_the_picture_that_it_is_of_upright():
    crop = render_crop(job())
    assert crop.shape == (RECTIFIED_HEIGHT, RECTIFIED_WIDTH, 3)
    assert likeness(crop, PICTURE) > 0.8
    assert likeness(crop, PICTURE[::-1, ::-1]) < 0.7


def test_a_crop_depends_on_its_job_alone():
    assert np.array_equal(render_crop(job()), render_crop(job()))
    assert not np.array_equal(render_crop(job()), render_crop(job(seed=6)))


def test_looks_at_one_card_differ_a_little():
    first, second = render_looks(job(), 2)
    assert not np.array_equal(first, second)
    assert likeness(first, second) > 0.8


@pytest.mark.parametrize("condition", ["tilt", "everything"])
def test_other_conditions_show_the_card_too(condition):
    assert condition in CONDITIONS
    assert render_crop(job(condition)).shape == PICTURE.shape
