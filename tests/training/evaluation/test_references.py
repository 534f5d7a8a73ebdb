from edge.wire.photo_result import CardStatus
from training.evaluation.references import ReferenceOutcome, references_to_markdown


def outcome(*answers, name="a.png"):
    return ReferenceOutcome(name=name, card_id="a-1", answers=answers)


OWN = ("a-1", CardStatus.CONFIRMED)


def test_a_picture_finds_itself_where_it_shows_its_own_card_alone():
    assert outcome(OWN).confirmed
    assert outcome(("a-1", CardStatus.CANDIDATE)).found
    assert not outcome(("a-1", CardStatus.CANDIDATE)).confirmed
    for answers in ((), (OWN, OWN), (("b-2", CardStatus.CONFIRMED),), ((None, CardStatus.UNKNOWN),)):
        assert not outcome(*answers).found


def test_the_ones_that_do_not_are_listed_with_what_was_said():
    lines = references_to_markdown(
        [outcome(OWN), outcome(name="b.png"), outcome((None, CardStatus.UNKNOWN), OWN, name="c.png")]
    ).splitlines()
    assert lines == [
        "1 of 3 pictures find themselves, 1 confirmed",
        "- b.png: no card",
        "- c.png: unknown unknown, a-1 confirmed",
    ]
