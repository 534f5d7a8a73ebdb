import json

from edge.recognition.belief import Worth
from training.evaluation.report import summarise, to_markdown
from training.evaluation.scenes import UNKNOWN_CLEAN, CardOutcome, Ranking, SceneOutcome


def answer(*matches: tuple[str, float], worth: Worth = Worth.STRONG) -> Ranking:
    return Ranking(card_ids=tuple(m[0] for m in matches), distances=tuple(m[1] for m in matches), worth=worth)


def card(condition: str, card_id: str, true: Ranking, detected: Ranking | None) -> CardOutcome:
    answers = {("embedder", "true"): true}
    if detected is not None:
        answers["embedder", "detected"] = detected
    return CardOutcome(
        scene=ord(card_id),
        condition=condition,
        card_id=card_id,
        has_lookalike=card_id == "b",
        visible=1.0,
        corner_error=None if detected is None else 0.01,
        answers=answers,
    )


OUTCOMES = [
    SceneOutcome(
        condition="clean",
        cards=(
            card("clean", "a", answer(("a", 0.1), ("b", 0.3)), answer(("a", 0.1), ("b", 0.3))),
            card("clean", "b", answer(("a", 0.1), ("b", 0.11)), answer(("a", 0.1), ("b", 0.11), worth=Worth.WEAK)),
            card("clean", "c", answer(("c", 0.3)), None),
        ),
        detections=3,
        false_detections=1,
    ),
    SceneOutcome(
        condition=UNKNOWN_CLEAN,
        cards=(
            card(UNKNOWN_CLEAN, "x", answer(("a", 0.6)), answer(("a", 0.6), worth=Worth.UNKNOWN)),
            card(UNKNOWN_CLEAN, "y", answer(("a", 0.15)), answer(("a", 0.15))),
        ),
        detections=2,
        false_detections=0,
    ),
]


def test_a_card_that_was_not_detected_is_not_recognised():
    clean = summarise(OUTCOMES)["recognition"]["clean"]
    assert clean["embedder, true corners"]["top1"]["hits"] == 2
    assert clean["embedder, detected corners"]["top1"] | {"interval_95": None} == {
        "value": 1 / 3,
        "hits": 1,
        "count": 3,
        "interval_95": None,
    }
    assert clean["embedder, detected corners"]["top3"]["hits"] == 2


def test_detection_and_verdicts():
    summary = summarise(OUTCOMES)
    assert (summary["detection"]["clean"]["recall"]["hits"], summary["detection"]["clean"]["precision"]["hits"]) == (
        2,
        2,
    )
    verdicts = summary["verdicts"]
    assert verdicts["clean"]["confirmed_right"]["hits"] == 1
    assert verdicts["clean"]["candidate"]["hits"] == 1
    assert verdicts[UNKNOWN_CLEAN]["confirmed_wrong"]["hits"] == 1
    assert verdicts[UNKNOWN_CLEAN]["unknown"]["hits"] == 1


def test_what_is_not_found_and_what_the_outline_and_the_decision_lose_are_told_apart():
    losses = summarise(OUTCOMES)["losses"]["all"]
    assert {name: row["hits"] for name, row in losses.items()} == {
        "confirmed": 1,
        "not_found": 1,
        "outline": 0,
        "decision": 1,
    }
    by_outline = card("clean", "d", answer(("d", 0.1)), answer(("d", 0.3), worth=Worth.WEAK))
    scene = SceneOutcome(condition="clean", cards=(by_outline,), detections=1, false_detections=0)
    assert summarise([scene])["losses"]["clean"]["outline"]["hits"] == 1


def test_unknown_cards_do_not_count_as_recognition():
    summary = summarise(OUTCOMES)
    assert UNKNOWN_CLEAN not in summary["recognition"]
    assert summary["recognition"]["all"]["embedder, true corners"]["top1"]["count"] == 3
    assert summary["recognition"]["all, look-alikes only"]["embedder, true corners"]["top1"]["count"] == 1


def test_aims_are_judged_with_the_detectors_corners():
    aims = {aim["condition"]: aim for aim in summarise(OUTCOMES)["aims"]}
    assert aims["clean"]["reached"]["hits"] == 1
    assert aims["clean"]["met"] is None
    assert aims["sleeved"]["reached"]["count"] == 0
    assert aims["look-alikes"]["reached"] | {"interval_95": 0} == {"value": 0, "hits": 0, "count": 1, "interval_95": 0}


def test_unknown_cards_have_a_row_and_an_interval_over_the_aim_decides_nothing():
    aims = {aim["condition"]: aim for aim in summarise(OUTCOMES)["aims"]}
    refusal = aims["cards outside the database"]
    assert (refusal["reached"]["hits"], refusal["reached"]["count"], refusal["met"]) == (1, 2, None)
    assert "| cards outside the database | confirmed by a single look, at most | 0.5% |" in to_markdown(
        summarise(OUTCOMES)
    )


def test_the_report_can_be_written():
    summary = summarise(OUTCOMES)
    json.dumps(summary)
    page = to_markdown(summary)
    assert "| clean | 3 |" in page
    assert "none" in page
