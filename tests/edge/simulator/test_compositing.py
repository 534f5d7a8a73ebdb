import numpy as np
import pytest

from edge.simulator.compositing import Shadow, cast_shadow


@pytest.mark.parametrize("softness_px", [0.8, 1.5, 3.0, 8.0])
def test_the_edge_of_a_shadow_is_as_straight_as_that_of_what_throws_it(softness_px):
    frame = np.full((200, 200, 3), 200, np.uint8)
    rise = 0.2
    outline = np.array([[20, 60], [180, 60 + 160 * rise], [180, 170], [20, 170]])

    cast_shadow(frame, outline, Shadow(offset_px=(0, 0), softness_px=softness_px, darkness=0.5))

    columns = np.arange(60, 140)
    half_dark = np.array([np.interp(-150, -frame[40:130, x, 0].astype(float), np.arange(40, 130)) for x in columns])
    off = half_dark - (60 + (columns - 20) * rise)
    assert np.abs(off).max() < 1
    assert off.std() < 0.2
