import numpy as np

from edge.centering import Centering, measure
from edge.centering.figures.drawing import HEADER_MM, MARGIN_MM, PX_PER_MM, draw_centering


def test_the_card_is_drawn_upright_with_its_points(clear_shot):
    centering = measure(clear_shot.image, clear_shot.quad)
    plain = draw_centering(clear_shot.image, centering)
    assert plain.dtype == np.uint8
    assert plain.shape == (
        round((88 + 2 * MARGIN_MM + HEADER_MM) * PX_PER_MM),
        round((63 + 2 * MARGIN_MM) * PX_PER_MM),
        3,
    )
    row = round((MARGIN_MM + HEADER_MM + 44) * PX_PER_MM)
    left = plain[row - 1 : row + 2, round(MARGIN_MM * PX_PER_MM) : round((MARGIN_MM + 2) * PX_PER_MM)]
    assert (left.reshape(-1, 3) == (60, 220, 60)).all(axis=1).any()


def test_a_refusal_is_written_into_the_picture(clear_shot):
    refused = Centering(figures=None, reason="no printed border")
    drawn = draw_centering(clear_shot.image, refused)
    assert drawn.shape == clear_shot.image.shape
    assert (drawn != clear_shot.image).any()
    with_outline = Centering(figures=None, reason="no printed border", quad=clear_shot.quad)
    assert draw_centering(clear_shot.image, with_outline).shape[0] == round(
        (88 + 2 * MARGIN_MM + HEADER_MM) * PX_PER_MM
    )
