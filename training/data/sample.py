"""A few images that stand for all of a gallery."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def stratified_sample(card_ids: Sequence[str], count: int, seed: int = 0) -> NDArray[np.int64]:
    """Choose images from every set in proportion to its size, at random but always the same ones.

    Systematic sampling: images lie one after the other, those of a set together, in random order otherwise, and every
    n-th is taken from a random start. A set with the share s of all images gets s * count of them, rounded up or down.

    Args:
        card_ids: of each image; what stands before the last hyphen is its set.
        count: images to choose; all of them where there are fewer.
        seed: of the choice.

    Returns:
        int64 [min(count, len(card_ids))], numbers of images in a random order, so that its beginning is a sample, too.
    """
    rng = np.random.default_rng(seed)
    images, count = len(card_ids), min(count, len(card_ids))
    sets = {name: place for place, name in enumerate(dict.fromkeys(map(set_of, card_ids)))}
    places = rng.permutation(len(sets))[[sets[set_of(card_id)] for card_id in card_ids]]
    in_line = np.lexsort((rng.random(images), places))
    taken = np.floor((np.arange(count) + rng.random()) * images / max(count, 1)).astype(np.int64)
    return np.asarray(rng.permutation(in_line[np.minimum(taken, images - 1)]), dtype=np.int64)


def set_of(card_id: str) -> str:
    """The set that a card id names: what stands before its last hyphen."""
    return card_id.rpartition("-")[0]
