from types import SimpleNamespace

import numpy as np
import pytest

from edge.embedding.fallback import FallbackEmbedder
from edge.errors import InferenceError, ModelError

CARDS = [np.zeros((8, 6, 3), np.uint8)]


class Model:
    def __init__(self, value, sha256="float", gallery="float"):
        self.manifest = SimpleNamespace(sha256=sha256, gallery_sha256=gallery, model_id="m")
        self.value = value
        self.failure = None
        self.closed = 0

    def embed(self, cards):
        if self.failure:
            raise InferenceError(self.failure)
        return np.full((len(cards), 2), self.value, np.float32)

    def close(self):
        self.closed += 1


@pytest.fixture
def both():
    return Model(1.0, sha256="compiled"), Model(2.0)


def test_the_first_answers_while_it_works(both):
    embedder = FallbackEmbedder(*both)
    assert embedder.embed(CARDS)[0, 0] == 1.0
    assert embedder.degraded() == ()
    assert embedder.manifest is both[0].manifest


def test_the_second_answers_while_the_first_fails_and_it_is_said(both, caplog):
    first, second = both
    embedder = FallbackEmbedder(first, second)
    first.failure = "the device is lost"
    assert embedder.embed(CARDS)[0, 0] == second.value
    assert embedder.embed(CARDS)[0, 0] == second.value
    assert embedder.degraded() == ("embedding on the CPU, because the device is lost",)
    assert caplog.text.count("on the CPU from now on") == 1
    first.failure = None
    assert embedder.embed(CARDS)[0, 0] == first.value
    assert embedder.degraded() == ()
    assert "on the accelerator again" in caplog.text


def test_no_cards_do_not_show_that_the_first_is_back(both):
    embedder = FallbackEmbedder(*both, reason="it is not there")
    embedder.embed([])
    assert embedder.degraded() == ("embedding on the CPU, because it is not there",)


def test_a_failure_of_the_second_is_not_hidden(both):
    first, second = both
    first.failure, second.failure = "lost", "broken"
    with pytest.raises(InferenceError, match="broken"):
        FallbackEmbedder(first, second).embed(CARDS)


def test_another_model_is_refused(both):
    with pytest.raises(ModelError, match="not the float model"):
        FallbackEmbedder(both[0], Model(2.0, sha256="another"))


def test_both_are_closed(both):
    FallbackEmbedder(*both).close()
    assert [each.closed for each in both] == [1, 1]
