import pytest

from edge.settings.allowed_values import allowed_values, what_is_allowed
from edge.settings.sections import Imx500Settings, PublishSettings, RecognitionSettings, SourceSettings
from edge.settings.settings import Settings


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        (SourceSettings, "fps", "number above 0, at most 240"),
        (SourceSettings, "loop", "true or false"),
        (PublishSettings, "endpoint", "text"),
        (RecognitionSettings, "database", "path"),
        (Imx500Settings, "bbox_order", '"xy" or "yx" or unset'),
        (Imx500Settings, "labels", "list of text"),
    ],
)
def test_what_a_key_may_be(section, key, words):
    assert allowed_values(section, key) == words


def test_every_key_can_be_put_in_words():
    for section in Settings.model_fields.values():
        assert all(allowed_values(section.annotation, key) for key in section.annotation.model_fields)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ((), ""),
        (("publish",), ""),
        (("sauce",), "the sections are source, "),
        (("source", "speed"), "the keys of [source] are spec, fps, "),
        (("source", "fps"), "allowed: number above 0, at most 240"),
    ],
)
def test_what_may_stand_at_a_place(location, words):
    assert what_is_allowed(Settings, location).startswith(words)
    assert bool(what_is_allowed(Settings, location)) == bool(words)
