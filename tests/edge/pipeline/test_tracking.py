import numpy as np
import pytest

import edge.pipeline.tracking
from edge.frame import Detection
from edge.geometry import card_quad
from edge.pipeline.tracking import same_start
from edge.settings.sections import TrackingSettings

FRAME_NS = 40_000_000
SETTINGS = TrackingSettings(min_hits=3, hold_s=0.2)


class Tracker(edge.pipeline.tracking.Tracker):
    """Of a camera with 25 frames a second."""

    def see(self, detections, frame_id):
        return self.update(detections, frame_id, frame_id * FRAME_NS)


def corners(x: float, y: float, angle_deg: float = 0.0, width: float = 126.0) -> np.ndarray:
    """The corners of a card around (x, y), the same physical corner first at every angle."""
    angle = np.radians(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.array([width / 2, width / 2 * 88 / 63])
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn.T + [x, y]


def detection(x: float, y: float, angle_deg: float = 0.0) -> Detection:
    return Detection(quad=card_quad(corners(x, y, angle_deg)), confidence=0.9)


def nearest(tracks, x, y):
    return min(tracks, key=lambda t: np.hypot(*(t.quad.mean(axis=0) - [x, y]))).track_id


def test_a_false_detection_of_one_frame_never_becomes_a_track():
    tracker = Tracker(SETTINGS)
    frames = [[detection(200, 200)] if frame == 2 else [] for frame in range(10)]
    assert all(tracker.see(found, frame) == () for frame, found in enumerate(frames))


def test_a_card_appears_once_it_was_seen_often_enough():
    tracker = Tracker(SETTINGS)
    counts = [len(tracker.see([detection(200, 200)], frame)) for frame in range(4)]
    assert counts == [0, 0, 1, 1]


def test_a_card_that_is_missed_now_and_then_still_appears():
    tracker = Tracker(SETTINGS)
    for frame in range(8):
        tracks = tracker.see([detection(200, 200)] if frame % 2 == 0 else [], frame)
    assert [track.track_id for track in tracks] == [0]


def test_a_hidden_card_keeps_its_id_until_it_has_been_away_too_long():
    tracker = Tracker(SETTINGS)
    for frame in range(3):
        tracker.see([detection(200, 200)], frame)
    hidden = [tracker.see([], frame) for frame in range(3, 8)]
    assert [[t.track_id for t in tracks] for tracks in hidden] == [[0]] * 5
    assert not hidden[-1][0].visible
    assert tracker.see([], 8) == ()
    for frame in range(9, 12):
        tracks = tracker.see([detection(200, 200)], frame)
    assert [track.track_id for track in tracks] == [1]


def test_a_fast_card_keeps_its_id_through_an_occlusion():
    tracker = Tracker(SETTINGS)
    for frame in range(20):
        seen = frame not in (10, 11)
        tracks = tracker.see([detection(100 + 50 * frame, 300)] if seen else [], frame)
        if frame >= 2:
            assert [track.track_id for track in tracks] == [0]


def test_frames_that_the_source_dropped_count_as_motion():
    tracker = Tracker(SETTINGS)
    for frame in (0, 1, 2, 3, 4, 6, 7, 10, 11):
        tracks = tracker.see([detection(100 + 30 * frame, 300)], frame)
    assert [track.track_id for track in tracks] == [0]


@pytest.mark.parametrize(("frames_apart", "searches"), [(1, 5), (3, 2), (20, 2)])
def test_how_long_a_card_may_be_hidden_is_a_matter_of_time_where_searching_is_slow(frames_apart, searches):
    tracker = Tracker(SETTINGS)
    for frame in range(3):
        tracker.see([detection(200, 200)], frame * frames_apart)
    alive = [len(tracker.see([], frame * frames_apart)) for frame in range(3, 12)]
    assert alive == [1] * searches + [0] * (9 - searches)


def test_two_cards_that_cross_keep_their_ids():
    tracker = Tracker(TrackingSettings(min_hits=1, hold_s=0.32))
    for frame in range(31):
        first_x, second_x = 100 + 20 * frame, 700 - 20 * frame
        found = [detection(first_x, 300)]
        if abs(first_x - second_x) > 60:  # the second passes underneath
            found.append(detection(second_x, 320))
        tracks = tracker.see(found[::-1] if frame % 2 else found, frame)
        if frame == 0:
            first, second = nearest(tracks, 100, 300), nearest(tracks, 700, 320)
    assert (nearest(tracks, 700, 300), nearest(tracks, 100, 320)) == (first, second)


def test_neighbours_side_by_side_keep_their_ids_while_all_of_them_shift():
    tracker = Tracker(TrackingSettings(min_hits=1))
    places = [(200 + 130 * column, 200 + 180 * row) for row in range(2) for column in range(3)]
    rng = np.random.default_rng(1)
    seen = []
    for frame in range(12):
        found = [detection(x + 35 * frame, y) for x, y in places]
        tracks = tracker.see([found[i] for i in rng.permutation(6)], frame)
        seen.append([nearest(tracks, x + 35 * frame, y) for x, y in places])
    assert sorted(seen[0]) == [0, 1, 2, 3, 4, 5]
    assert all(ids == seen[0] for ids in seen)


def test_the_same_physical_corner_stays_first_through_a_full_turn():
    tracker = Tracker(TrackingSettings(min_hits=1))
    for step in range(73):
        (track,) = tracker.see([detection(300, 300, 5 * step)], step)
        assert track.quad == pytest.approx(corners(300, 300, 5 * step))


def test_the_nearer_of_two_starts_is_taken():
    quad = corners(300, 300)
    assert same_start(np.roll(quad, 2, axis=0), quad) == pytest.approx(quad)
    assert same_start(quad, quad) is quad


def test_ids_belong_to_the_tracker():
    for _ in range(2):
        tracker = Tracker(TrackingSettings(min_hits=1))
        assert [t.track_id for t in tracker.see([detection(100, 100), detection(400, 100)], 0)] == [0, 1]


def test_how_long_a_card_may_be_hidden_is_a_matter_of_seconds_at_every_frame_rate():
    for fps in (10, 25, 60):
        tracker = edge.pipeline.tracking.Tracker(TrackingSettings(hold_s=1.0))
        for frame in range(3):
            tracker.update([detection(200, 200)], frame, frame * 1_000_000_000 // fps)
        alive = [tracker.update([], frame, frame * 1_000_000_000 // fps) for frame in range(3, 3 + 2 * fps)]
        assert sum(bool(tracks) for tracks in alive) == fps


def test_a_track_knows_since_when_no_other_card_can_have_been_put_in_its_place():
    tracker = Tracker(TrackingSettings(hold_s=2.0))
    seen = {frame for frame in range(40) if frame not in (10, 11, 20, 21, 22, 23, 24, 25, 26)}
    since = {frame: track.shown_since for frame in range(40)
             for track in tracker.see([detection(200, 200)] if frame in seen else [], frame)}  # fmt: skip
    assert {since[frame] for frame in range(2, 27)} == {0}
    assert {since[frame] for frame in range(27, 40)} == {27}


def test_all_tracks_end_at_once_and_their_numbers_are_never_used_again():
    tracker = Tracker(TrackingSettings(min_hits=1))
    tracker.see([detection(200, 200), detection(500, 200)], 0)
    tracker.end_all()
    assert [track.track_id for track in tracker.see([detection(200, 200)], 1)] == [2]
