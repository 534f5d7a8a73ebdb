from types import SimpleNamespace

import numpy as np

from edge.log.presence import Lying, Presence
from tests.wire_messages import CORNERS, card_message


def lying(scan=1, track_id=4):
    return Lying(scan=scan, session="a", track_id=track_id, card_id="ab-7", quad=np.array(CORNERS))


def test_what_was_left_lying_is_waited_for_ten_minutes():
    clock = SimpleNamespace(now_s=0.0)
    presence, message = Presence(clock=lambda: clock.now_s), card_message()
    presence.leave_lying([lying()])
    for clock.now_s, scans in ((599.0, [1]), (601.0, [])):
        assert [card.scan for card in presence.in_place(message)] == scans


def test_a_card_that_left_is_remembered_and_those_long_ago_are_not():
    presence = Presence()
    for track_id in range(300):
        presence.put(lying(scan=track_id, track_id=track_id))
        presence.left(track_id)
    for returned, scan in ((0, None), (299, 299)):
        card = presence.same_card(card_message(track_id=400, returned=returned), shown_since=0)
        assert (None if card is None else card.scan) == scan
