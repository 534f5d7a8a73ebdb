import gc
import weakref
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import IndexRow
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.imaging.print_reference import PrintReference, encode_reference
from edge.imaging.rectification import upside_down
from edge.recognition.belief import Worth
from edge.recognition.opening import open_recognizer
from edge.recognition.recognizer import Recognizer
from edge.recognition.verification import Verifier
from edge.settings.sections import RecognitionSettings
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from edge.wire.messages import CardDetails
from tests.calibrations import by_distance
from training.data.gallery import GalleryImage
from training.data.lookalikes import cut_references


@pytest.fixture(scope="module")
def recognizer(tiny_database) -> Recognizer:
    return open_recognizer(RecognitionSettings(model=tiny_database.model, database=tiny_database.database))


def test_cards_are_recognised_either_way_up(recognizer: Recognizer, tiny_database):
    upright = list(tiny_database.cards.values())
    answers = recognizer.recognize([*upright, *(upside_down(card) for card in upright)])
    assert [answer.matches[0].card_id for answer in answers] == 2 * list(tiny_database.cards)
    assert [answer.rotation for answer in answers] == [0] * 4 + [180] * 4
    for answer in answers:
        assert answer.verified is None
        assert len(answer.matches) == 4
        assert answer.embedding.shape == (recognizer.embedder.manifest.dimension,)
        assert set(answer.timings_ms) == {"embed", "search", "verify"}
        assert answer.timings_ms["embed"] > 0


def test_what_is_replaced_is_given_back_at_once(tiny_database):
    """As a cycle of references it would stay, with all that it has mapped, until Python looks for such."""
    replaced = open_recognizer(RecognitionSettings(model=tiny_database.model, database=tiny_database.database))
    replaced.recognize(list(tiny_database.cards.values()))
    database = weakref.ref(replaced.database)
    gc.disable()
    try:
        replaced.close()
        del replaced
        assert database() is None
    finally:
        gc.enable()


def test_no_cards_give_no_answers(recognizer: Recognizer):
    assert recognizer.recognize([]) == []


REPRINT = next(card for card in demo_cards() if card.lookalike_of)
ORIGINAL = next(card for card in demo_cards() if card.card_id == REPRINT.lookalike_of)
QUAD = np.array([[0.0, 0], [63, 0], [63, 88], [0, 88]])


@pytest.fixture(scope="module")
def pair(tiny_database, tmp_path_factory) -> Recognizer:
    """Recognises two look-alikes and nothing else; the embeddings of both are those of the original."""
    embedder = OnnxEmbedder(tiny_database.model)
    images = [
        GalleryImage(card_id=card.card_id, variant=0, load=partial(render_card, card, 8.0))
        for card in (ORIGINAL, REPRINT)
    ]
    lookalikes = cut_references(images, [[0, 1]], ["original", "reprint"])
    original = images[0].load()
    upright, turned = embedder.embed([original, upside_down(original)])
    rows = [IndexRow(card_id=i.card_id, variant=0, rotation=rotation) for rotation in (0, 180) for i in images]
    details = CardDetails(name="pair", set_code="pair", set_name="Pair", number="1")
    gallery = Gallery(
        name="pair",
        model=embedder.manifest,
        embeddings=np.stack([upright, upright, turned, turned]),
        rows=rows,
        metadata={image.card_id: details for image in images},
        lookalikes=lookalikes.groups,
        references=lookalikes.references,
        calibration=by_distance(),
    )
    folder = tmp_path_factory.mktemp("pair") / "database"
    write_bundle(folder, gallery)
    database = CardDatabase.open(folder, embedder.manifest)
    return Recognizer(embedder, database, Verifier(database))


@pytest.mark.parametrize("card", [ORIGINAL, REPRINT], ids=["original", "reprint"])
@pytest.mark.parametrize("turned", [False, True], ids=["upright", "turned"])
def test_a_lookalike_that_the_search_cannot_tell_apart_comes_first(pair: Recognizer, card, turned: bool):
    image = render_card(card, 8.0)
    (answer,) = pair.recognize([upside_down(image) if turned else image])
    assert answer.verified is True
    assert answer.matches[0].card_id == card.card_id
    assert {match.card_id for match in answer.matches} == {ORIGINAL.card_id, REPRINT.card_id}
    assert answer.rotation == (180 if turned else 0)
    assert (answer.own_quad(QUAD)[0] == QUAD[2 if turned else 0]).all()
    assert answer.matches[0].distance < 0.05
    assert answer.worth is Worth.STRONG
    assert answer.printings is None
    told_apart = by_distance().told_apart
    assert answer.belief.probabilities == pytest.approx(
        (told_apart * answer.belief.art, (1 - told_apart) * answer.belief.art)
    )


def test_an_unknown_card_is_none_of_several_printings(pair: Recognizer):
    other = next(card for card in demo_cards() if card.set_code not in (ORIGINAL.set_code, REPRINT.set_code))
    (answer,) = pair.recognize([render_card(other, 8.0)])
    assert (answer.verified, answer.named) == (False, False)
    assert answer.printings is None


def test_a_coin_toss_is_marked(pair: Recognizer):
    hidden = render_card(REPRINT, 8.0)
    hidden[560:] = 127
    (answer,) = pair.recognize([hidden])
    assert answer.verified is False
    assert answer.sure
    assert answer.worth is Worth.WEAK
    assert set(answer.printings.card_ids) == {ORIGINAL.card_id, REPRINT.card_id}
    assert answer.belief.probabilities == pytest.approx((answer.belief.art / 2,) * 2)


def test_a_pair_that_no_group_has_is_not_confirmed_by_a_hair(tiny_database, tmp_path: Path):
    """The search takes the original for its reprint; nothing says that they look alike."""
    embedder = OnnxEmbedder(tiny_database.model)
    pictures = {card.card_id: render_card(card, 8.0) for card in (ORIGINAL, REPRINT)}
    embeddings = embedder.embed([each for picture in pictures.values() for each in (picture, upside_down(picture))])
    embeddings[:2, 0] += 0.15
    details = CardDetails(name="pair", set_code="pair", set_name="Pair", number="1")
    gallery = Gallery(
        name="pair",
        model=embedder.manifest,
        embeddings=embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True),
        rows=[IndexRow(card_id=card_id, variant=0, rotation=turn) for card_id in pictures for turn in (0, 180)],
        metadata=dict.fromkeys(pictures, details),
        prints={
            card_id: PrintReference(encoded=encode_reference(picture), borders_mm=None, name=card_id)
            for card_id, picture in pictures.items()
        },
        calibration=by_distance(),
    )
    write_bundle(tmp_path / "database", gallery)
    database = CardDatabase.open(tmp_path / "database", embedder.manifest)
    (answer,) = Recognizer(embedder, database, Verifier(database)).recognize([pictures[ORIGINAL.card_id]])
    assert [match.card_id for match in answer.matches] == [REPRINT.card_id, ORIGINAL.card_id]
    assert 1e-3 < answer.matches[1].distance < 0.05
    assert answer.worth is Worth.WEAK
    assert answer.printings is not None
    assert set(answer.printings.card_ids) == set(pictures)
