import socket

import numpy as np
import pytest

from training.model import ModelSettings
from training.references import COLUMNS, ROWS, References

TINY = ModelSettings(depths=(1, 1, 1, 1), hidden_sizes=(4, 4, 8, 8), dimension=8, map_channels=8, height=64, width=32)


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def coarse_cards(count: int, seed: int = 0) -> np.ndarray:
    """Cards of 8 x 6 coloured blocks: quick to make, and all different."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, 8, 6, 3), dtype=np.uint8)
    return np.ascontiguousarray(blocks.repeat(ROWS // 8, axis=1).repeat(COLUMNS // 6, axis=2))


@pytest.fixture(scope="session")
def references() -> References:
    return References(images=coarse_cards(6), labels=np.array([0, 1, 2, 3, 4, 0]), card_ids=tuple("abcdef"))
