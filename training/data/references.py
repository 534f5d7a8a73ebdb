"""The digital originals that a network learns from, held ready in memory-mapped files."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image
from edge.simulator.card import render_card
from edge.simulator.sets import CardSpec
from training.data.whole_files import begin_pictures, kept_or_made, mapped_pictures, whole_file
from training.errors import TrainingError
from training.progress import Progress, to_stderr

PX_PER_MM = 4
ROWS, COLUMNS = round(CARD_HEIGHT_MM * PX_PER_MM), round(CARD_WIDTH_MM * PX_PER_MM)
FINGERPRINT_SAMPLES = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class References:
    """Originals of cards.

    Attributes:
        images: uint8 [N, 352, 252, 3], BGR; often memory-mapped, never written to.
        labels: int64 [N], 0 to `classes` - 1; reprints of one art share a label.
        card_ids: of each image.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    card_ids: tuple[str, ...]

    @property
    def classes(self) -> int:
        """Number of different labels."""
        return int(self.labels.max()) + 1

    @property
    def digest(self) -> str:
        """SHA-256 of which card has which label, hexadecimal: what a network that learnt them can be asked about."""
        pairs = sorted(set(zip(self.card_ids, self.labels.tolist(), strict=True)))
        return hashlib.sha256(repr(pairs).encode()).hexdigest()


def simulated_references(cards: Sequence[CardSpec], cache: Path, workers: int = 2) -> References:
    """Render cards, or map the file in `cache` where the same cards were rendered by the same code before.

    Raises:
        OSError: if the cache cannot be written.
        TrainingError: if the disk has no room for the cards.
    """
    path = cache / f"{_fingerprint(cards)}.npy"
    images = kept_or_made(path, partial(mapped_pictures, path), partial(_render, cards, path, workers))
    return References(images=images, labels=art_labels(cards), card_ids=tuple(card.card_id for card in cards))


def art_labels(cards: Sequence[CardSpec]) -> NDArray[np.int64]:
    """One label for each art: a reprint has that of its original."""
    originals = [card.lookalike_of or card.card_id for card in cards]
    numbers = {original: number for number, original in enumerate(dict.fromkeys(originals))}
    return np.array([numbers[original] for original in originals], np.int64)


def check_room(folder: Path, images: int) -> None:
    """Check that `images` originals fit on the disk, before they are made.

    Raises:
        TrainingError: if they do not fit.
    """
    needed, free = images * ROWS * COLUMNS * 3, shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingError(
            f"{images} cards need {needed / 1e9:.1f} GB in {folder}, {free / 1e9:.1f} GB are free; make room"
        )


def _render(cards: Sequence[CardSpec], path: Path, workers: int) -> None:
    """Write all cards to `path`, which appears only when it is complete."""
    check_room(path.parent, len(cards))
    to_stderr(f"rendering {len(cards)} simulated cards, which are kept in {path.parent}\n")
    progress = Progress(len(cards), "cards")
    draw: Callable[[CardSpec], Image] = partial(render_card, px_per_mm=PX_PER_MM)
    with whole_file(path) as file, ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        begin_pictures(file, (len(cards), ROWS, COLUMNS, 3))
        for image in pool.map(draw, cards, chunksize=16):
            file.write(image.tobytes())
            progress.add(1)


def _fingerprint(cards: Sequence[CardSpec]) -> str:
    """Hash of the cards and of how some of them look as the code draws them now."""
    digest = hashlib.sha256(repr(cards).encode())
    for card in cards[:: max(1, len(cards) // FINGERPRINT_SAMPLES)]:
        digest.update(render_card(card, PX_PER_MM).tobytes())
    return digest.hexdigest()[:24]
