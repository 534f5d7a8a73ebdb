import cv2
import numpy as np

from edge.imaging.print_reference import REFERENCE_SIZE, PrintReference, encode_reference
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards

CARDS = [render_card(spec, 4.0) for spec in demo_cards()[:4]]


def of(encoded: bytes) -> PrintReference:
    return PrintReference(encoded=encoded, borders_mm=None, name="card")


def test_people_see_colours_and_the_grey_is_as_good_as_one_that_was_encoded_in_grey():
    for card in CARDS:
        small = cv2.resize(card, REFERENCE_SIZE, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        encoded = encode_reference(card)
        shown = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
        assert np.abs(shown.astype(float) - small).mean() < 12
        former = of(cv2.imencode(".webp", grey, [cv2.IMWRITE_WEBP_QUALITY, 30])[1].tobytes())
        errors = [np.abs(each.picture().astype(float) - grey).mean() for each in (of(encoded), former)]
        assert errors[0] < errors[1] + 0.3


def test_seventeen_thousand_pictures_fit_a_quarter_of_the_disk_budget():
    assert 17_592 * np.mean([len(encode_reference(card)) for card in CARDS]) < 62.5e6
