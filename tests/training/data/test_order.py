"""The order of cards: every card once each way, those of a set together where that is wanted."""

from dataclasses import replace

import numpy as np

from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape, TrainingBatches
from training.data.order import alike_order
from training.data.references import References

IDS = tuple(f"{name}-{number:03d}" for name, size in (("abc", 8), ("def", 11), ("ghi-2", 3)) for number in range(size))


def groups_of(order):
    """Lengths of the runs of one set and one way up."""
    kinds = [(IDS[place // 2].rpartition("-")[0], place % 2) for place in order.tolist()]
    starts = [0, *(i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]), len(kinds)]
    return np.diff(starts)


def test_every_card_comes_once_each_way_up():
    for alike in (1, 4, 100):
        order = alike_order(IDS, alike, np.random.default_rng(0))
        assert sorted(order.tolist()) == list(range(2 * len(IDS)))


def test_cards_of_a_set_come_together():
    order = alike_order(IDS, 4, np.random.default_rng(0))
    sizes = groups_of(order)
    assert len(sizes) < len(IDS)
    # 8 = 4 + 4, 11 = 4 + 4 + 3, 3; groups of one kind may follow each other by chance.
    assert all(size % 4 in (0, 3) for size in sizes)
    alone = groups_of(alike_order(IDS, 1, np.random.default_rng(0)))
    assert alone.mean() < 0.5 * sizes.mean()


def test_who_comes_together_changes_with_the_epoch():
    first, second = (alike_order(IDS, 4, np.random.default_rng(seed)) for seed in (0, 1))
    mates = [
        {frozenset((order[i : i + 2] // 2).tolist()) for i in range(0, len(order), 2)} for order in (first, second)
    ]
    assert mates[0] != mates[1]
    assert np.array_equal(first, alike_order(IDS, 4, np.random.default_rng(0)))


def test_a_batch_has_its_hard_negatives():
    images = np.zeros((len(IDS), 88, 63, 3), np.uint8)
    cards = References(images=images, labels=np.arange(len(IDS)), card_ids=IDS)
    shape = BatchShape(cards=4, views=1, height=32, width=32, alike=4)

    def sets(shape):
        batches = TrainingBatches(cards, AugmentationSettings(clean=1), shape, seed=3)
        labels = [batches[number][1].numpy() % len(IDS) for number in range(2 * len(IDS) // shape.cards)]
        return np.mean([len({IDS[label].rpartition("-")[0] for label in batch}) for batch in labels])

    assert sets(shape) < 2 < sets(replace(shape, alike=1))
