from edge.recognition.belief import Worth
from training.evaluation.losses import losses_of, losses_table
from training.evaluation.scenes import CardOutcome, Ranking

RIGHT = Ranking(card_ids=("a", "b"), distances=(0.1, 0.4), worth=Worth.STRONG)
WEAK = Ranking(card_ids=("a", "b"), distances=(0.1, 0.4), worth=Worth.WEAK)
WRONG = Ranking(card_ids=("b", "a"), distances=(0.1, 0.4), worth=Worth.STRONG)


def card(detected: Ranking | None, true: Ranking, *, scene: int = 0, found: bool = True) -> CardOutcome:
    answers = {("embedder", "true"): true} | ({} if detected is None else {("embedder", "detected"): detected})
    return CardOutcome(
        condition="clean",
        scene=scene,
        card_id="a",
        has_lookalike=False,
        visible=1.0,
        corner_error=0.01 if found else None,
        answers=answers,
    )


def test_a_card_is_lost_in_one_way_alone():
    cards = [
        card(RIGHT, RIGHT),
        card(None, RIGHT, scene=1, found=False),
        card(WEAK, RIGHT, scene=2),
        card(WRONG, RIGHT, scene=3),
        card(WEAK, WEAK, scene=4),
    ]
    losses = losses_of(cards)
    assert {name: row["hits"] for name, row in losses.items()} == {
        "confirmed": 1,
        "not_found": 1,
        "outline": 2,
        "decision": 1,
    }
    assert sum(row["value"] for row in losses.values()) == 1


def test_the_true_corners_excuse_no_card_that_is_confirmed():
    assert losses_of([card(RIGHT, WRONG)])["decision"]["hits"] == 0


def test_the_table_has_a_row_for_each_condition():
    head, rule, row = losses_table({"clean": losses_of([card(RIGHT, RIGHT), card(WEAK, RIGHT, scene=1)])})
    assert row == "| clean | 50.0% (1/2) | 0.0% (0/2) | 50.0% (1/2) | 0.0% (0/2) |"
    assert head.count("|") == rule.count("|") == row.count("|")
