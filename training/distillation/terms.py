"""What a student can learn from a teacher, one function for each kind of knowledge."""

import torch
from torch import Tensor
from torch.nn import functional

_HAAR = 2**-0.5


def feature_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Embedding regression: half the squared distance of unit embeddings [N, D], which is 1 - cosine."""
    return (1 - (student * teacher).sum(dim=1)).mean()


def softened_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of class probabilities, from logits [N, classes] (Hinton et al., arXiv 1503.02531).

    It is multiplied by the temperature's square, so that its gradient does not depend on it.
    """
    log_student = functional.log_softmax(student / temperature, dim=1)
    log_teacher = functional.log_softmax(teacher / temperature, dim=1)
    return temperature**2 * functional.kl_div(log_student, log_teacher, reduction="batchmean", log_target=True)


def attention_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """How differently two feature maps [N, C, H, W], of any sizes, are spread over the card.

    Activation-based attention transfer (Zagoruyko and Komodakis, arXiv 1612.03928): the attention of a map is the mean
    of its squares over the channels, L2-normalised. Both are first averaged down to one grid, the coarser of the two.
    """
    rows, columns = (min(a, b) for a, b in zip(student.shape[2:], teacher.shape[2:], strict=True))
    attentions = [
        functional.normalize(
            functional.adaptive_avg_pool2d(m.float().square().mean(1, keepdim=True), (rows, columns)).flatten(1)
        )
        for m in (student, teacher)
    ]
    return (attentions[0] - attentions[1]).square().sum(dim=1).mean()


def detail_bands(logits: Tensor, levels: int) -> Tensor:
    """The detail coefficients of an orthonormal Haar wavelet transform of each row of logits.

    Args:
        logits: [N, classes]; a row of odd length is continued by its last value.
        levels: how often the low-frequency half is transformed again.

    Returns:
        [N, coefficients], the finest band first.
    """
    bands = []
    low = logits
    for _ in range(levels):
        if low.shape[1] % 2:
            low = torch.cat([low, low[:, -1:]], dim=1)
        even, odd = low[:, 0::2], low[:, 1::2]
        bands.append(_HAAR * (even - odd))
        low = _HAAR * (even + odd)
    return torch.cat(bands, dim=1)


def detail_distance(student: Tensor, teacher: Tensor, temperature: float, levels: int) -> Tensor:
    """FiGKD (arXiv 2505.11897): the high-frequency part of the logits, which tells alike classes apart.

    As published, a discrete wavelet transform along the classes splits the logits into content (low frequencies) and
    detail (high frequencies), and only the detail is learnt from the teacher: content comes with the labels. Here that
    is the mean square difference of the detail coefficients of an orthonormal Haar transform, which (for a number of
    classes that the transform halves without a rest) is that of the two logits rebuilt from their details alone, but
    for a factor of `2**levels / (2**levels - 1)`.

    What differs: the logits are divided by the temperature of the other terms, which is a constant factor; and it is
    one term among several, while FiGKD has nothing beside the classification (`high_frequency` and `classification`
    of `DistillationWeights`, all others 0). Classes that the transform pairs are neighbours by their number, which are
    neighbours in a set of cards; another order gives other pairs.

    Args:
        student: logits [N, classes].
        teacher: likewise.
        temperature: that both are divided by.
        levels: of the transform, see `detail_bands`.

    Returns:
        A scalar.
    """
    difference = detail_bands((student - teacher) / temperature, levels)
    return difference.square().mean()


def relational_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Distance-wise relational distillation (Park et al., arXiv 1904.05068, equations 5 to 7).

    Huber loss between the distances of all pairs of a batch, each divided by their mean; the embeddings [N, D] may have
    different dimensions.
    """
    learnt, taught = (functional.pdist(embeddings) for embeddings in (student, teacher))
    smallest = 1e-6
    return functional.smooth_l1_loss(
        learnt / learnt.mean().clamp(min=smallest), taught / taught.mean().clamp(min=smallest)
    )
