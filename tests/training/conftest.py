import numpy as np
import pytest

from training.references import COLUMNS, ROWS, References


def coarse_cards(count: int, seed: int = 0) -> np.ndarray:
    """Cards of 8 x 6 coloured blocks: quick to make, and all different."""
    blocks = np.random.default_rng(seed).integers(0, 256, (count, 8, 6, 3), dtype=np.uint8)
    return np.ascontiguousarray(blocks.repeat(ROWS // 8, axis=1).repeat(COLUMNS // 6, axis=2))


@pytest.fixture(scope="session")
def references() -> References:
    return References(images=coarse_cards(6), labels=np.array([0, 1, 2, 3, 4, 0]), card_ids=tuple("abcdef"))
