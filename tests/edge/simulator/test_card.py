"""Rendered cards: reproducible, the same at every resolution, borders where they are said to be."""

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from edge.simulator.card import foil_mask, print_edges_mm, render_back, render_card
from edge.simulator.families import lay_out
from edge.simulator.sets import demo_cards, training_cards

CARDS = training_cards(600)
SAMPLE = CARDS[3::75]
BORDERED = [card for card in CARDS[::7] if print_edges_mm(card) is not None]
PLAIN_BORDERED = [card for card in BORDERED if lay_out(card).style.border.texture == "plain"]
DIGEST = """
import hashlib
from edge.simulator.card import render_card
from edge.simulator.sets import training_cards
print(hashlib.sha256(b"".join(render_card(card, 4.0).tobytes() for card in training_cards(600)[3::75])).hexdigest())
"""


@pytest.mark.parametrize("px_per_mm", [2.0, 4.0, 7.3])
def test_picture_has_the_size_of_a_card(px_per_mm):
    picture = render_card(SAMPLE[0], px_per_mm)
    assert picture.shape == (round(88 * px_per_mm), round(63 * px_per_mm), 3)
    assert picture.dtype == np.uint8
    assert render_back(px_per_mm).shape == picture.shape


def test_rendering_is_reproducible_within_and_across_processes():
    pictures = [render_card(card, 4.0) for card in SAMPLE]
    for card, picture in zip(reversed(SAMPLE), reversed(pictures), strict=True):
        np.testing.assert_array_equal(render_card(card, 4.0), picture)
    other = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True).stdout.strip()
    assert other == hashlib.sha256(b"".join(picture.tobytes() for picture in pictures)).hexdigest()


@pytest.mark.parametrize("index", range(0, 600, 40))
def test_a_card_looks_the_same_at_every_resolution(index):
    coarse = render_card(CARDS[index], 4.0).astype(float)
    for px_per_mm in (8.0, 12.0):
        fine = render_card(CARDS[index], px_per_mm)
        reduced = cv2.resize(fine, coarse.shape[1::-1], interpolation=cv2.INTER_AREA).astype(float)
        assert np.abs(reduced - coarse).mean() < 6


def _border_width_px(profile, border, inside):
    """Width of the border along a profile [N, 3] that starts in it and ends inside, from how much of it is border."""
    axis = inside - border
    return float(np.sum(1 - (profile - border) @ axis / (axis @ axis)))


@pytest.mark.parametrize("px_per_mm", [4.0, 7.3, 10.0])
@pytest.mark.parametrize("offset_mm", [(0.0, 0.0), (0.37, -0.53), (-0.81, 0.29)])
def test_borders_are_as_wide_as_stated(px_per_mm, offset_mm):
    with_line = [card for card in PLAIN_BORDERED if lay_out(card).style.border.keyline_mm > 0.4]
    with_line = [card for card in with_line if lay_out(card).style.border.keyline is not None][:4]
    assert len(with_line) == 4
    for card in with_line:
        border = lay_out(card).style.border
        picture = render_card(card, px_per_mm, offset_mm).astype(float)
        rows, columns = picture.shape[:2]
        scale = (columns / 63, rows / 88) * 2
        row, column = picture[rows // 2], picture[:, columns // 2]
        profiles = (row, column, row[::-1], column[::-1])
        for profile, width, per_mm in zip(profiles, print_edges_mm(card, offset_mm), scale, strict=True):
            reach = profile[: int(width * per_mm) + 1]
            found = _border_width_px(reach, reach[0], np.round(border.keyline))
            assert found == pytest.approx(width * per_mm, abs=0.02)


def test_offset_moves_the_edges_and_the_print():
    card = BORDERED[0]
    left, top, right, bottom = print_edges_mm(card)
    assert print_edges_mm(card, (0.5, -0.25)) == pytest.approx((left + 0.5, top - 0.25, right - 0.5, bottom + 0.25))
    centred, moved = render_card(card, 8.0), render_card(card, 8.0, (0.5, -0.25))
    middle = np.s_[120:600, 80:420]
    shifted = np.roll(centred, (-2, 4), axis=(0, 1))
    assert np.abs(moved[middle].astype(int) - shifted[middle]).mean() < 1


def test_rotation_turns_the_print_clockwise():
    card = PLAIN_BORDERED[0]
    turned, straight = (render_card(card, 10.0, rotation_deg=angle).astype(float) for angle in (1.0, 0.0))
    border = straight[0, 0]

    def left_width(picture, row):
        return int(np.argmax(np.abs(picture[row] - border).max(axis=1) > 20))

    lean = left_width(turned, 240) - left_width(turned, 640)
    assert lean == pytest.approx(400 * np.tan(np.deg2rad(1.0)), abs=1.5)
    assert left_width(straight, 240) == left_width(straight, 640)


def test_borders_vary_and_some_cards_have_none():
    edges = [print_edges_mm(card) for card in CARDS]
    widths = np.array([edge for edge in edges if edge is not None])
    assert 0.05 < 1 - len(widths) / len(edges) < 0.3
    assert widths.min() >= 1.5
    assert widths.max() <= 5.0
    assert np.ptp(widths[:, 0]) > 1.5


def _changed(first, second):
    """Share of pixels that differ, and of the card's area that their bounding box takes."""
    different = np.abs(first.astype(int) - second).max(axis=2) > 8
    rows, columns = np.where(different.any(axis=1))[0], np.where(different.any(axis=0))[0]
    return different.mean(), np.ptp(rows) * np.ptp(columns) / different.size


def test_reprints_differ_in_one_small_place():
    cards = demo_cards()
    by_id = {card.card_id: card for card in cards}
    reprints = [card for card in cards if card.lookalike_of is not None]
    for card in reprints[::15]:
        share, box = _changed(render_card(card, 4.0), render_card(by_id[card.lookalike_of], 4.0))
        assert 0.0005 < share < 0.03
        assert box < 0.08


def _descriptor(picture):
    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    frequencies = cv2.dct(small.astype(np.float32))[:16, :16].ravel()[1:]
    return frequencies > np.median(frequencies)


def test_different_cards_look_different():
    cards = [card for card in demo_cards()[:1100:9] if card.lookalike_of is None]
    hashes = np.array([_descriptor(render_card(card, 2.0)) for card in cards])
    distances = (hashes[:, None] != hashes[None]).mean(axis=2)[np.triu_indices(len(cards), 1)]
    assert distances.min() > 0.04
    assert np.median(distances) > 0.3


def test_foil_is_where_the_spec_says():
    foils = [card for card in CARDS if card.foil is not None]
    assert 0.1 < len(foils) / len(CARDS) < 0.35
    for area in ("art", "frame", "full"):
        card = next(card for card in foils if card.foil.area == area)
        mask = foil_mask(card, 4.0)
        assert mask.shape == (352, 252)
        assert mask.min() >= 0
        assert mask.max() == 1
    assert foil_mask(next(card for card in CARDS if card.foil is None), 4.0) is None
