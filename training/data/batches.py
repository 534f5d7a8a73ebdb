"""Training batches, each a function of the seed and its number alone, so that a run can be resumed exactly."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.augmentation import AugmentationSettings, augment
from training.augmentation.fields import Draw
from training.data.order import alike_order, shuffled_order
from training.data.references import COLUMNS, ROWS, References


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShape:
    """What a batch is made of.

    Attributes:
        cards: different cards or scenes.
        views: of each.
        height: of a view in pixels.
        width: likewise.
        alike: cards of one set that follow each other, see `alike_order`; 1 for cards in random order.
    """

    cards: int
    views: int = 2
    height: int
    width: int
    alike: int = 1

    @property
    def images(self) -> int:
        """Number of images."""
        return self.cards * self.views


class TrainingBatches(Dataset[tuple[Tensor, Tensor]]):
    """Augmented cards, upright and upside down; an upside-down card is a class of its own.

    Item k is uint8 [images, 3, height, width], RGB, and its int64 labels [images]; the views of one card follow each
    other, and upside-down cards have the label of the upright one plus `references.classes`. Every card comes once
    each way in each epoch.
    """

    def __init__(
        self, references: References, augmentation: AugmentationSettings, shape: BatchShape, seed: int
    ) -> None:
        self.references = references
        self.augmentation = augmentation
        self.shape = shape
        self.seed = seed

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Make batch `number`."""
        shape = self.shape
        pixels: NDArray[np.uint8] = np.empty((shape.images, shape.height, shape.width, 3), np.uint8)
        labels = np.empty(shape.images, np.int64)
        for i in range(shape.images):
            index, upside_down = self._card(number * shape.cards + i // shape.views)
            original = self.references.images[index]
            card = np.ascontiguousarray(original[::-1, ::-1] if upside_down else original)
            rng = np.random.default_rng([self.seed, number, i])
            seen = augment(card, rng, self.augmentation, (shape.width, shape.height))
            cv2.cvtColor(seen, cv2.COLOR_BGR2RGB, dst=pixels[i])
            labels[i] = self.references.labels[index] + upside_down * self.references.classes
        return torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(labels)

    def loader(self, numbers: range, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of these numbers, made ahead by other processes."""
        return made_ahead(self, numbers, workers)

    def _card(self, position: int) -> tuple[int, bool]:
        """Which card comes at a position of the endless sequence, and whether it is upside down."""
        epoch, place = divmod(position, 2 * len(self.references.labels))
        index, upside_down = divmod(int(_order(self.references.card_ids, self.shape.alike, self.seed, epoch)[place]), 2)
        return index, bool(upside_down)


class DeviceBatches:
    """The batches of `TrainingBatches`, with their originals read by other processes and disturbed on the device.

    A batch depends on the seed, its number and the kind of device alone.
    """

    def __init__(
        self,
        references: References,
        augmentation: AugmentationSettings,
        shape: BatchShape,
        seed: int,
        device: torch.device,
    ) -> None:
        whole = replace(shape, height=ROWS, width=COLUMNS)
        self._originals = TrainingBatches(references, AugmentationSettings(clean=1.0), whole, seed)
        self._augmentation = augmentation
        self._seed = seed
        self._device = device
        self.shape = shape

    def loader(self, numbers: range, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of these numbers, uint8 [images, 3, height, width], RGB, and their labels, on the device."""
        from training.augmentation.on_device import augment_batch  # loads kornia

        size = self.shape.width, self.shape.height
        for number, (pixels, labels) in zip(numbers, self._originals.loader(numbers, workers), strict=True):
            draw = Draw(_seed_of(self._seed, number), self._device)
            with torch.no_grad():
                seen = augment_batch(pixels.to(self._device), draw, self._augmentation, size)
            yield seen, labels.to(self._device)


def batches_for(
    device: torch.device, references: References, augmentation: AugmentationSettings, shape: BatchShape, seed: int
) -> TrainingBatches | DeviceBatches:
    """Batches that are disturbed where that is quickest: on a GPU itself, else in the processes that make them."""
    if device.type == "cpu":
        return TrainingBatches(references, augmentation, shape, seed)
    return DeviceBatches(references, augmentation, shape, seed, device)


def made_ahead(
    batches: Dataset[tuple[Tensor, Tensor]], numbers: range, workers: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The items of these numbers, made ahead by `workers` other processes; by this one, when due, where that is 0."""
    # OpenCV's threads do not survive the fork: a worker would wait for them for ever.
    cv2.setNumThreads(1)
    # A generator of its own: the loader must not draw from the global one, which a resumed run restores.
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_leave_signals_to_parent,
        generator=torch.Generator().manual_seed(0),
    )
    return iter(loader)


def _seed_of(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))


@lru_cache(maxsize=2)
def _order(card_ids: tuple[str, ...], alike: int, seed: int, epoch: int) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, epoch, 2 * len(card_ids)])
    return shuffled_order(len(card_ids), rng) if alike == 1 else alike_order(card_ids, alike, rng)


def _leave_signals_to_parent(_worker: int) -> None:
    """A signal to the whole process group must not take the batches away from a parent that wants to save first."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
