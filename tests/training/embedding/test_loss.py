import math

import pytest
import torch

from training.embedding.loss import ArcFace, supervised_contrastive


def unit_rows(count: int, dimension: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(count, dimension, generator=generator), dim=1)


def arcface_by_loops(embeddings: torch.Tensor, centres: torch.Tensor, labels: list[int], margin: float, scale: float):
    """The formula of the paper, one angle at a time."""
    losses = []
    for embedding, label in zip(embeddings, labels, strict=True):
        logits = []
        for number, centre in enumerate(centres):
            angle = math.acos(float(embedding @ (centre / centre.norm())))
            if number == label and angle < math.pi - margin:
                logits.append(scale * math.cos(angle + margin))
            elif number == label:
                logits.append(scale * (math.cos(angle) - margin * math.sin(margin)))
            else:
                logits.append(scale * math.cos(angle))
        losses.append(math.log(sum(math.exp(logit) for logit in logits)) - logits[label])
    return sum(losses) / len(losses)


@pytest.mark.parametrize("margin", [0.0, 0.3, 0.5, 2.5])
def test_arcface_is_the_published_formula(margin):
    torch.manual_seed(1)
    loss = ArcFace(classes=7, dimension=5, scale=16.0)
    embeddings = unit_rows(9, 5, seed=2)
    labels = [0, 1, 2, 3, 4, 5, 6, 0, 1]
    expected = arcface_by_loops(embeddings, loss.centres.detach(), labels, margin, 16.0)
    assert loss(embeddings, torch.tensor(labels), margin).item() == pytest.approx(expected, rel=1e-5)


def test_arcface_falls_when_an_embedding_nears_its_centre():
    loss = ArcFace(classes=4, dimension=3, scale=16.0)
    labels = torch.tensor([2])
    centre = loss.centres.detach()[labels]
    away = torch.nn.functional.normalize(centre + torch.tensor([[0.5, -0.5, 0.5]]), dim=1)
    assert loss(centre, labels, 0.3) < loss(away, labels, 0.3)


def test_arcface_gradient_is_finite_on_the_centre_itself():
    loss = ArcFace(classes=3, dimension=3, scale=64.0)
    embedding = loss.centres.detach()[:1].clone().requires_grad_()
    loss(embedding, torch.tensor([0]), 0.5).backward()
    assert torch.isfinite(embedding.grad).all()
    assert torch.isfinite(loss.centres.grad).all()


def test_contrastive_is_the_published_formula():
    embeddings = unit_rows(6, 4, seed=3)
    labels = [0, 0, 1, 1, 1, 1]
    total = 0.0
    for i in range(6):
        others = [a for a in range(6) if a != i]
        positives = [p for p in others if labels[p] == labels[i]]
        denominator = sum(math.exp(float(embeddings[i] @ embeddings[a]) / 0.1) for a in others)
        total -= sum(float(embeddings[i] @ embeddings[p]) / 0.1 - math.log(denominator) for p in positives) / len(
            positives
        )
    assert float(supervised_contrastive(embeddings, torch.tensor(labels), 0.1)) == pytest.approx(total / 6, rel=1e-5)


def test_contrastive_gradient_is_finite():
    embeddings = unit_rows(4, 4, seed=4).requires_grad_()
    supervised_contrastive(embeddings, torch.tensor([0, 0, 1, 1]), 0.07).backward()
    assert torch.isfinite(embeddings.grad).all()
