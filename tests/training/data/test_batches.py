import numpy as np
import torch

from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape, TrainingBatches

CLEAN = AugmentationSettings(clean=1)
SHAPE = BatchShape(cards=3, views=2, height=56, width=40)


def test_a_batch_depends_on_seed_and_number_alone(references):
    batches = TrainingBatches(references, AugmentationSettings(), SHAPE, seed=7)
    pixels, labels = batches[4]
    again, same_labels = TrainingBatches(references, AugmentationSettings(), SHAPE, seed=7)[4]
    other, _ = TrainingBatches(references, AugmentationSettings(), SHAPE, seed=8)[4]
    assert pixels.shape == (6, 3, 56, 40)
    assert pixels.dtype == torch.uint8
    assert torch.equal(pixels, again)
    assert torch.equal(labels, same_labels)
    assert not torch.equal(pixels, other)


def test_views_of_a_card_follow_each_other(references):
    _, labels = TrainingBatches(references, CLEAN, SHAPE, seed=0)[0]
    assert labels[0::2].tolist() == labels[1::2].tolist()


def test_an_epoch_shows_every_card_once_each_way(references):
    batches = TrainingBatches(references, CLEAN, BatchShape(cards=3, views=1, height=56, width=40), seed=0)
    for epoch in range(2):
        labels = torch.cat([batches[number][1] for number in range(4 * epoch, 4 * epoch + 4)])
        assert sorted(labels.tolist()) == [0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9]


def test_the_upside_down_card_is_a_class_of_its_own(references):
    batches = TrainingBatches(references, CLEAN, BatchShape(cards=12, views=1, height=352, width=252), seed=0)
    pixels, labels = batches[0]
    for image, label in zip(pixels.permute(0, 2, 3, 1).numpy(), labels.tolist(), strict=True):
        originals = [np.asarray(references.images[i]) for i in np.nonzero(references.labels == label % 5)[0]]
        shown = [card[::-1, ::-1, ::-1] if label >= 5 else card[..., ::-1] for card in originals]
        assert any(np.array_equal(image, card) for card in shown)


def test_workers_give_the_same_batches(references):
    batches = TrainingBatches(references, AugmentationSettings(), SHAPE, seed=0)
    made = [pixels for pixels, _ in batches.loader(range(2, 6, 2), workers=1)]
    assert len(made) == 2
    assert torch.equal(made[0], batches[2][0])
    assert torch.equal(made[1], batches[4][0])
