"""Class centres from a network's own embeddings."""

import logging

import numpy as np
import torch
from torch import Tensor

from edge.imaging.rectification import upside_down
from training.data.references import References
from training.embedding.retrieval import Embed
from training.parallel.ranks import Ranks
from training.progress import Progress

log = logging.getLogger(__name__)

_CARDS_AT_ONCE = 32


def imprinted_centres(embed: Embed, dimension: int, references: References, ranks: Ranks) -> Tensor:
    """Where a network puts each class: the mean embedding of its originals (Qi et al. 2018, arXiv 1712.07136).

    A class of thousands is seen so rarely that a random centre would wander for most of a short run; an imprinted one
    starts where its images are, so that every other class is a useful negative at once.

    Args:
        embed: of the network, in inference mode.
        dimension: of its embeddings.
        references: the cards; an upside-down card is a class of its own, see `TrainingBatches`.
        ranks: the processes that share the work.

    Returns:
        float32 [2 * classes, dimension], rows L2-normalised.
    """
    sums = torch.zeros(2 * references.classes, dimension)
    log.info("placing the centres of %d classes where the network has their cards", len(sums))
    progress = Progress(len(references.labels), "cards", say=lambda line: log.info(line.rstrip()))
    own = np.arange(ranks.rank, len(references.labels), ranks.size)
    for start in range(0, len(own), _CARDS_AT_ONCE):
        numbers = own[start : start + _CARDS_AT_ONCE]
        cards = [np.asarray(references.images[number]) for number in numbers]
        labels = torch.from_numpy(references.labels[numbers])
        sums.index_add_(0, labels, torch.from_numpy(embed(cards)))
        sums.index_add_(0, labels + references.classes, torch.from_numpy(embed([upside_down(card) for card in cards])))
        progress.add(min(ranks.size * len(cards), len(references.labels) - start * ranks.size))
    return torch.nn.functional.normalize(ranks.total(sums), dim=1)
