"""Summarises scene outcomes: figures per condition, as JSON and as Markdown tables."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from edge.recognition.belief import Worth
from training.calibration.intervals import counted
from training.evaluation.losses import losses_of, losses_table
from training.evaluation.metrics import percentiles
from training.evaluation.scenes import CardOutcome, Ranking, SceneOutcome, is_unknown

EMBEDDER = "embedder"
# Aims: (condition, top-k, share of cards) with the detector's own corners.
EXACT_PRINTING, UNKNOWN_CONFIRMED = 0.95, 0.005
AIMS = (("clean", 1, 0.99), ("sleeved", 1, 0.95), ("occluded_20", 3, 0.95), ("glare", 5, 0.95), ("finger", 3, 0.85))


def summarise(outcomes: Sequence[SceneOutcome]) -> dict[str, Any]:
    """Every figure of a run, per condition and over all of them."""
    conditions = list(dict.fromkeys(outcome.condition for outcome in outcomes))
    scenes = {name: [outcome for outcome in outcomes if outcome.condition == name] for name in conditions}
    known = [card for outcome in outcomes if not is_unknown(outcome.condition) for card in outcome.cards]
    return {
        "scenes": len(outcomes),
        "detection": {name: _detection(group) for name, group in scenes.items()} | {"all": _detection(outcomes)},
        "recognition": {
            name: _recognition([card for outcome in group for card in outcome.cards])
            for name, group in scenes.items()
            if not is_unknown(name)
        }
        | {
            "all": _recognition(known),
            "all, look-alikes only": _recognition([card for card in known if card.has_lookalike]),
            "all, without look-alikes": _recognition([card for card in known if not card.has_lookalike]),
        },
        "verdicts": {name: _verdicts(group) for name, group in scenes.items()},
        "losses": {
            name: losses_of(_cards(group)) for name, group in scenes.items() if not is_unknown(name) and _cards(group)
        }
        | {"all": losses_of(known)},
        "aims": [
            *(_aim(_cards(scenes.get(name, [])), name, k, share) for name, k, share in AIMS),
            _aim([card for card in known if card.has_lookalike], "look-alikes", 1, EXACT_PRINTING),
            _refusal_aim([outcome for outcome in outcomes if is_unknown(outcome.condition)]),
        ],
    }


def to_markdown(summary: dict[str, Any]) -> str:
    """The summary as a page."""
    lines = [f"# {summary['scenes']} simulated scenes, held out", ""]
    lines += [
        "## Detection (IoU 0.75)",
        "",
        "| condition | recall | precision | corner error median | 95 % |",
        "|---|---|---|---|---|",
    ]
    for name, row in summary["detection"].items():
        errors = " | ".join(f"{100 * value:.2f} %" for value in row["corner_error"])
        lines.append(f"| {name} | {_cell(row['recall'])} | {_cell(row['precision'])} | {errors} |")
    lines += ["", "## Recognition: right card first / among 3 / among 5", ""]
    lines += _recognition_table(summary["recognition"])
    lines += [
        "",
        "## Verdicts on detected cards",
        "",
        "| condition | confirmed right | confirmed wrong | candidate | unknown |",
    ]
    lines.append("|---|---|---|---|---|")
    for name, row in summary["verdicts"].items():
        cells = " | ".join(_cell(row[key]) for key in ("confirmed_right", "confirmed_wrong", "candidate", "unknown"))
        lines.append(f"| {name} | {cells} |")
    lines += ["", "## Known cards, by a single look", "", *losses_table(summary["losses"])]
    lines += [
        "",
        "## Aims",
        "",
        "| condition | figure | aim | reached | 95 % by scene | met |",
        "|---|---|---|---|---|---|",
    ]
    for aim in summary["aims"]:
        met = {True: "yes", False: "no", None: "undecided"}[aim["met"]]
        low, high = aim["reached"]["interval_95"]
        reached = f"{_cell(aim['reached'])} | {low:.1%} to {high:.1%}"
        lines.append(f"| {aim['condition']} | {aim['figure']} | {aim['aim']:.1%} | {reached} | {met} |")
    return "\n".join(lines) + "\n"


def _detection(scenes: Sequence[SceneOutcome]) -> dict[str, Any]:
    cards = _cards(scenes)
    true = [scene.detections - scene.false_detections for scene in scenes]
    detections = [hit for scene, hits in zip(scenes, true, strict=True) for hit in _first(hits, scene.detections)]
    places = np.repeat(np.arange(len(scenes)), [scene.detections for scene in scenes])
    errors = [card.corner_error for card in cards if card.corner_error is not None]
    return {
        "recall": _share(cards, [card.corner_error is not None for card in cards]),
        "precision": counted(np.array(detections, dtype=np.bool_), places),
        "corner_error": percentiles(errors, 50, 95),
    }


def _recognition(cards: Sequence[CardOutcome]) -> dict[str, Any]:
    methods = list(dict.fromkeys(key for card in cards for key in card.answers))
    return {f"{method}, {corners} corners": _ranks(cards, (method, corners)) for method, corners in methods}


def _ranks(cards: Sequence[CardOutcome], key: tuple[str, str]) -> dict[str, Any]:
    """Top-1/3/5; a card that was not detected counts as not recognised from the detector's corners."""
    ranks = [card.answers[key].rank(card.card_id) if key in card.answers else None for card in cards]
    return {f"top{k}": _share(cards, [rank is not None and rank <= k for rank in ranks]) for k in (1, 3, 5)}


def _verdicts(scenes: Iterable[SceneOutcome]) -> dict[str, Any]:
    """What a single look says of each detected card, by the database's calibration."""
    cards = [card for card in _cards(scenes) if (EMBEDDER, "detected") in card.answers]

    def share(test: Callable[[str, Ranking], bool]) -> dict[str, Any]:
        return _share(cards, [test(card.card_id, card.answers[EMBEDDER, "detected"]) for card in cards])

    def confirms(answer: Ranking, card_id: str) -> bool:
        return answer.worth is Worth.STRONG and answer.card_ids[0] == card_id

    return {
        "confirmed_right": share(lambda card_id, answer: confirms(answer, card_id)),
        "confirmed_wrong": share(
            lambda card_id, answer: answer.worth is Worth.STRONG and not confirms(answer, card_id)
        ),
        "candidate": share(lambda _, answer: answer.worth is Worth.WEAK),
        "unknown": share(lambda _, answer: answer.worth in (Worth.UNKNOWN, Worth.NOT_A_CARD)),
    }


def _aim(cards: Sequence[CardOutcome], condition: str, k: int, share: float) -> dict[str, Any]:
    """Met where the whole interval is above the aim, missed where it is below, else undecided: None."""
    reached = _ranks(cards, (EMBEDDER, "detected"))[f"top{k}"]
    low, high = reached["interval_95"]
    met = True if low >= share else None if high >= share else False
    return {"condition": condition, "figure": f"top-{k}", "aim": share, "reached": reached, "met": met}


def _refusal_aim(scenes: Sequence[SceneOutcome]) -> dict[str, Any]:
    reached = _verdicts(scenes)["confirmed_wrong"]
    low, high = reached["interval_95"]
    met = True if high <= UNKNOWN_CONFIRMED else None if low <= UNKNOWN_CONFIRMED else False
    return {
        "condition": "cards outside the database",
        "figure": "confirmed by a single look, at most",
        "aim": UNKNOWN_CONFIRMED,
        "reached": reached,
        "met": met,
    }


def _cards(scenes: Iterable[SceneOutcome]) -> list[CardOutcome]:
    return [card for scene in scenes for card in scene.cards]


def _share(cards: Sequence[CardOutcome], hits: Sequence[bool]) -> dict[str, Any]:
    """A share of cards, with an interval that counts scenes."""
    return counted(np.array(hits, dtype=np.bool_), np.array([card.scene for card in cards], dtype=np.int64))


def _first(hits: int, count: int) -> list[bool]:
    return [number < hits for number in range(count)]


def _recognition_table(recognition: dict[str, Any]) -> list[str]:
    methods = list(dict.fromkeys(method for row in recognition.values() for method in row))
    lines = [f"| condition | cards | {' | '.join(methods)} |", "|---" * (len(methods) + 2) + "|"]
    for name, row in recognition.items():
        if not row:
            continue
        cells = [
            " / ".join(f"{100 * row[m][f'top{k}']['value']:.1f}" for k in (1, 3, 5)) if m in row else ""
            for m in methods
        ]
        count = next(iter(row.values()))["top1"]["count"]
        lines.append(f"| {name} | {count} | {' | '.join(cells)} |")
    return lines


def _cell(figure: dict[str, Any]) -> str:
    return f"{100 * figure['value']:.1f} % ({figure['hits']}/{figure['count']})" if figure["count"] else "none"
