"""In which order cards come, so that those of a batch are hard to tell apart."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.sample import set_of


def shuffled_order(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Each of `count` cards once each way up, at random: 2 * card + 1 where it is upside down, else 2 * card."""
    return rng.permutation(2 * count)


def alike_order(card_ids: Sequence[str], alike: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The same, but groups of `alike` cards of one set, all the same way up, follow each other.

    Cards of a set share frame and layout: what tells those of a group apart is their art. Where a set is no multiple of
    `alike`, its last group is smaller. Which cards form a group, and the order of the groups, are random.
    """
    names = [set_of(card_id) for card_id in card_ids]
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    cards = rng.permutation(2 * len(names))
    kinds = np.array([places[name] for name in names])[cards // 2] * 2 + cards % 2
    in_line = np.argsort(kinds, kind="stable")
    _, starts, sizes = np.unique(kinds[in_line], return_index=True, return_counts=True)
    groups = [
        cards[in_line[start + first : start + min(first + alike, size)]]
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)
        for first in range(0, size, alike)
    ]
    return np.concatenate([groups[number] for number in rng.permutation(len(groups))])
