"""Shows whether an accelerator computes the model that it was given: golden crops go through it several times.

A compiled model can be wrong in ways that no error tells: rounded too far, or computed differently from run to run.
The card database holds pictures with their embeddings by the float model; what the accelerator makes of them has to
agree with those, and with itself whatever the batch.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import MANIFEST_FILE, REPAIR, read_golden, read_member
from edge.embedding.base import Embed
from edge.errors import DatabaseError, ModelError
from edge.geometry import Image
from edge.imaging.small_pictures import decode_small
from edge.manifests import read_database_manifest

# numerics: 8-bit results that are the same differ by rounding of float32 alone: by less than 1e-6.
LEAST_REPEATABILITY = 0.9999

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Golden:
    """Pictures with known embeddings.

    Attributes:
        cards: uint8 [height, width, 3] BGR, at the size of the model's input.
        embeddings: float32 [N, dimension], L2-normalised, by the float model.
    """

    cards: tuple[Image, ...]
    embeddings: NDArray[np.float32]


def load_golden(database: Path) -> Golden:
    """Read the golden crops of a card database.

    Raises:
        DatabaseError: if it holds none, or one cannot be read.
    """
    golden = read_golden(database)
    if not golden:
        raise DatabaseError(
            f"{database} holds no golden crops to test the accelerator with; build it again with 'card-training index'"
        )
    model_input = read_database_manifest(database / MANIFEST_FILE).preprocessing
    cards = tuple(_read_card(database, crop.file, (model_input.width, model_input.height)) for crop in golden)
    return Golden(cards=cards, embeddings=np.array([crop.embedding for crop in golden], dtype=np.float32))


def check_golden(embed: Embed, golden: Golden, *, model: Path, least_cosine: float, runs: int) -> None:
    """Embed the golden crops several times: in one batch, in the opposite order, and one by one.

    Args:
        embed: what is tested.
        golden: what is known.
        model: for messages.
        least_cosine: least cosine similarity to the float model's embedding.
        runs: at least 2.

    Raises:
        ModelError: with the figures, if the embeddings disagree with the float model's or with each other.
        InferenceError: if the accelerator fails.
    """
    embedded = [_arranged(embed, golden.cards, run) for run in range(runs)]
    agreement = np.array([np.sum(each * golden.embeddings, axis=1) for each in embedded])
    repeatability = np.array([np.sum(each * embedded[0], axis=1) for each in embedded])
    figures = (
        f"{len(golden.cards)} golden crops, {runs} runs: cosine to the float model {agreement.min():.4f} to "
        f"{agreement.max():.4f} (mean {agreement.mean():.4f}), to itself at least {repeatability.min():.5f}"
    )
    if not repeatability.min() >= LEAST_REPEATABILITY:
        raise ModelError(
            f"the accelerator computes {model} differently from run to run ({figures}; at least {LEAST_REPEATABILITY} "
            "is needed): compile it again, or use a model that is proven on this chip"
        )
    if not agreement.min() >= least_cosine:
        raise ModelError(
            f"the accelerator's embeddings of {model} are not those of the float model ({figures}; at least "
            f"{least_cosine} is needed): compile it again with more calibration images or 16-bit layers"
        )
    _log.info("self-test of %s passed: %s", model, figures)


def _arranged(embed: Embed, cards: Sequence[Image], run: int) -> NDArray[np.float32]:
    """The embeddings in the order of the cards, however this run batches them."""
    if run % 3 == 1:
        return embed(cards[::-1])[::-1]
    if run % 3 == 2:
        return np.concatenate([embed([card]) for card in cards])
    return embed(cards)


def _read_card(database: Path, name: str, size: tuple[int, int]) -> Image:
    card = decode_small(read_member(database, name), size, grey=False)
    if card is None:
        raise DatabaseError(f"{database / name} is not a picture of {size[0]} x {size[1]} pixels; {REPAIR}")
    return card
