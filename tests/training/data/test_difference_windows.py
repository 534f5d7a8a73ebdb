import numpy as np

from edge.simulator.card import render_card
from tests.training.index.conftest import OTHERS
from training.data.difference_windows import difference_windows


def test_windows_lie_where_the_cards_differ():
    first = render_card(OTHERS[0], 8.0)
    second = first.copy()
    second[600:620, 400:430] = 255 - second[600:620, 400:430]
    (window,) = difference_windows([first, second])
    x, y, width, height = window
    assert x <= 400
    assert y <= 600
    assert x + width >= 430
    assert y + height >= 620
    assert difference_windows([first]) == ()


def test_every_member_of_a_large_group_gets_what_tells_it_apart():
    """Forty printings: 38 differ in one place, the last two there not at all but in another."""
    plain = np.full((704, 504, 3), 200, np.uint8)
    cards = [plain.copy() for _ in range(40)]
    for number, card in enumerate(cards):
        same = min(number, 38)
        card[600:620, 100 + 4 * (same % 8) : 104 + 4 * (same % 8)] = 20 + 5 * (same // 8)
    cards[39][50:60, 400:410] = 0
    windows = difference_windows(cards)
    assert len(windows) == 2
    for first, second in [(0, 1), (0, 8), (17, 30), (37, 39), (38, 39)]:
        shown = [
            (cards[first][y : y + h, x : x + w] != cards[second][y : y + h, x : x + w]).any() for x, y, w, h in windows
        ]
        assert any(shown)
