"""Recognition of cards never seen in training: disturbed queries against clean originals."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge.geometry import Image
from edge.imaging.hashing import hash_distances, perceptual_hash
from edge.imaging.preprocessing import preprocess
from edge.manifests import Preprocessing
from training.augmentation import AugmentationSettings, augment
from training.data.references import References
from training.data.sample import stratified_sample

Embed = Callable[[list[Image]], NDArray[np.float32]]
QUERY_SEED = 20_011
HASH_BITS = 32
_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """How well queries find their originals among `gallery` cards.

    Attributes:
        recall_at_1: share of queries whose nearest original is theirs (or a reprint of the same art).
        recall_at_5: likewise among the five nearest.
        true_distance: median cosine distance to the query's own original.
        true_distance_p95: 95th percentile of it.
        wrong_distance_p5: 5th percentile of the cosine distance to the nearest original of another art.
        margin_p5: 5th percentile of how much further that is than the query's own: it tells networks apart that find
            every card.
        hash_recall_at_1: `recall_at_1` of a 32 x 32 bit perceptual hash on the same crops.
        queries: number of queries.
        gallery: number of originals.
    """

    recall_at_1: float
    recall_at_5: float
    true_distance: float
    true_distance_p95: float
    wrong_distance_p5: float
    margin_p5: float
    hash_recall_at_1: float
    queries: int
    gallery: int

    def to_json(self) -> dict[str, float | int]:
        """The figures, rounded."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Queries:
    """Crops of some references.

    Attributes:
        crops: each uint8 [height, width, 3], BGR.
        shown: int64 [len(crops)], number of the reference that each shows.
    """

    crops: list[Image]
    shown: NDArray[np.int64]


def disturbed_queries(
    references: References, augmentation: AugmentationSettings, count: int, size: tuple[int, int]
) -> Queries:
    """A sample of `count` cards (see `stratified_sample`), each disturbed once, always in the same way.

    Args:
        references: to sample.
        augmentation: how they are disturbed.
        count: crops; fewer where there are fewer references.
        size: width and height of a crop in pixels.
    """
    shown = stratified_sample(references.card_ids, count)
    crops = [
        augment(np.asarray(references.images[card]), np.random.default_rng([QUERY_SEED, card]), augmentation, size)
        for card in shown.tolist()
    ]
    return Queries(crops=crops, shown=shown)


def measure_retrieval(embed: Embed, references: References, queries: Queries) -> Retrieval:
    """Search queries among all references.

    Args:
        embed: gives unit rows [N, dimension] for cards of any size.
        references: the gallery.
        queries: crops of some of them.
    """
    similarities = embed(queries.crops) @ embed([np.asarray(image) for image in references.images]).T
    same = references.labels[queries.shown, None] == references.labels[None, :]
    order = np.argsort(-similarities, axis=1)[:, :5]
    hits = np.take_along_axis(same, order, axis=1)
    true = 1 - np.where(same, similarities, -1).max(axis=1)
    wrong = 1 - np.where(same, -1, similarities).max(axis=1)
    return Retrieval(
        recall_at_1=float(hits[:, 0].mean()),
        recall_at_5=float(hits.any(axis=1).mean()),
        true_distance=float(np.median(true)),
        true_distance_p95=float(np.percentile(true, 95)),
        wrong_distance_p5=float(np.percentile(wrong, 5)),
        margin_p5=float(np.percentile(wrong - true, 5)),
        hash_recall_at_1=_hash_recall(references, queries.crops, same),
        queries=len(queries.crops),
        gallery=len(references.labels),
    )


def torch_embedding(model: nn.Module, width: int, height: int) -> Embed:
    """Embeds with a torch model in inference mode, shown cards of `width` x `height` pixels."""
    preprocessing = Preprocessing(width=width, height=height)
    device = next(model.parameters()).device

    def embed(cards: list[Image]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(cards), _BATCH):
            batch = torch.from_numpy(preprocess(cards[start : start + _BATCH], preprocessing)).to(device)
            with torch.no_grad():
                parts.append(model(batch.contiguous(memory_format=torch.channels_last)).cpu().numpy())
        return np.concatenate(parts)

    return embed


def _hash_recall(references: References, crops: list[Image], same: NDArray[np.bool_]) -> float:
    gallery = np.stack([perceptual_hash(np.asarray(image), HASH_BITS) for image in references.images])
    nearest = [int(hash_distances(gallery, perceptual_hash(query, HASH_BITS)).argmin()) for query in crops]
    return float(same[np.arange(len(crops)), nearest].mean())
