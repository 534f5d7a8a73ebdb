import cv2
import numpy as np

from edge.detection.edges import FAINT, NORMAL, edge_field
from edge.detection.proposals import propose_quads
from edge.detection.segments import joined_segments, line_segments, segment_lengths
from edge.detection.support import outline_support

QUAD = np.array([[150.0, 60], [402, 60], [402, 412], [150, 412]])


def test_the_sides_of_a_card_become_segments_quads_and_support(table, rounded_card):
    field = edge_field(rounded_card(table(), QUAD))
    segments = line_segments(field.edges, 30.0, 200)
    assert np.all(np.diff(segment_lengths(segments)) <= 0)
    quads = propose_quads(segments, field.size, 60.0, 0.25)
    errors = np.min([np.abs(np.roll(quads, turn, axis=1) - QUAD).max(axis=(1, 2)) for turn in range(4)], axis=0)
    assert errors.min() < 2.0
    assert outline_support(field, QUAD[None]).min() > 0.9
    assert outline_support(field, QUAD[None] + 40).mean() < 0.4


def test_faint_edges_need_the_faint_sensitivity(table):
    picture = np.full((480, 640, 3), 100, np.uint8)
    picture[60:412, 150:402] = 103
    assert not edge_field(picture, NORMAL).edges.any()
    assert edge_field(picture, FAINT).edges.any()


def test_pieces_of_one_line_are_joined_across_a_gap():
    pieces = np.array([[[10.0, 50], [110, 50]], [[130.0, 51], [210, 51]], [[300.0, 90], [300, 160]]])
    joined = joined_segments(pieces, 10)
    assert np.abs(joined[0] - [[10, 50], [210, 51]]).max() < 1.5
    assert len(joined) == 4


def test_no_edges_give_no_segments_and_no_quads():
    segments = line_segments(np.zeros((50, 60), np.uint8), 10.0, 100)
    assert segments.shape == (0, 2, 2)
    assert joined_segments(segments, 100).shape == (0, 2, 2)
    assert propose_quads(segments, (60, 50), 10.0, 0.2).shape == (0, 4, 2)


def test_edges_are_thin():
    picture = np.zeros((100, 100, 3), np.uint8)
    cv2.rectangle(picture, (30, 30), (100, 100), (255, 255, 255), -1)
    assert np.count_nonzero(edge_field(picture).edges[60]) in (1, 2)
