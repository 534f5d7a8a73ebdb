import numpy as np
import torch

from tests.training.conftest import TINY
from training.data.references import References
from training.embedding.imprint import imprinted_centres
from training.embedding.retrieval import torch_embedding
from training.networks.model import CardEmbedder
from training.parallel.ranks import Ranks


def test_each_centre_is_the_mean_of_its_originals_either_way_up():
    torch.manual_seed(0)
    model = CardEmbedder(TINY).eval()
    images = np.random.default_rng(0).integers(0, 256, (3, 88, 63, 3), np.uint8)
    references = References(images=images, labels=np.array([0, 1, 0]), card_ids=("a", "b", "a-reprint"))
    embed = torch_embedding(model, 32, 64)
    centres = imprinted_centres(embed, TINY.dimension, references, Ranks())
    upright, turned = embed(list(images)), embed([np.ascontiguousarray(image[::-1, ::-1]) for image in images])
    means = np.stack([upright[[0, 2]].mean(axis=0), upright[1], turned[[0, 2]].mean(axis=0), turned[1]])
    assert np.allclose(centres, means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-5)
