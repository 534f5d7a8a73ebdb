"""Learned cards for tests of what keeps and searches them."""

from datetime import UTC, datetime

import cv2
import numpy as np

from edge.database.learned_card import VIEWS, LearnedCard, encode_view
from edge.imaging.print_reference import encode_reference
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH

DIMENSION = 8


def picture(seed: int) -> np.ndarray:
    tiles = np.random.default_rng(seed).integers(0, 240, (22, 16, 3), dtype=np.uint8)
    return cv2.resize(tiles, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), interpolation=cv2.INTER_NEAREST)


def learned(number: int = 1, name: str = "Mossy Drake") -> tuple[LearnedCard, tuple[bytes, ...]]:
    """A card and its encoded views."""
    vectors = np.random.default_rng(number).normal(size=(2, VIEWS, DIMENSION)).astype(np.float32)
    view = picture(number)
    card = LearnedCard(
        card_id=f"learned-{number:012x}",
        name=name,
        learned_at=datetime(2026, 1, 1, 0, 0, number % 60, tzinfo=UTC),
        model_id="model",
        model_sha256="1" * 64,
        database_sha256="2" * 64,
        embeddings=vectors / np.linalg.norm(vectors, axis=2, keepdims=True),
        print=encode_reference(view),
    )
    return card, (encode_view(view),) * VIEWS
