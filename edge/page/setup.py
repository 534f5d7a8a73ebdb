"""The steps of a first start, in the order in which they are taken, each with what is left to do."""

from dataclasses import dataclass
from typing import Any

from edge.wire.commands import StatusReply
from edge.wire.messages import HealthMessage

# chosen: exposure is only remarked on where a card's print is lost.
_LOST_SHARE = 0.05
_DARK, _LIGHT = 60.0, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the newest picture tells of focus and light.

    Attributes:
        sharpness: of the sharpest card in it; None without a card.
        mean: grey value, 0 to 255.
        white: share of the pixels that are as bright as can be.
    """

    sharpness: float | None
    mean: float
    white: float


def setup_steps(
    status: StatusReply | None, health: HealthMessage, sight: Sight | None, database_trouble: str | None
) -> list[dict[str, Any]]:
    """Camera, light, focus, calibration and database: title, whether it is done, and a sentence."""
    settings = {} if status is None else status.settings
    threshold = float(settings.get("selection", {}).get("sharpness", 100.0))
    return [
        _camera(health),
        _light(sight),
        _focus(sight, threshold),
        _calibration(settings.get("centering", {}).get("calibration"), health.source),
        _database(health, database_trouble),
    ]


def _step(title: str, sentence: str, *, done: bool) -> dict[str, Any]:
    return {"title": title, "done": done, "sentence": sentence}


def _camera(health: HealthMessage) -> dict[str, Any]:
    if health.source.startswith("demo"):
        return _step("Camera", "This is the simulated bench; connect a camera and set source.spec.", done=False)
    if health.fps < 1:
        return _step("Camera", "No pictures come: check the cable; 'card-scanner doctor' says more.", done=False)
    return _step("Camera", f"{health.source} gives {health.fps:.0f} pictures a second.", done=True)


def _light(sight: Sight | None) -> dict[str, Any]:
    if sight is None:
        return _step("Light", "Open the live picture to judge the light.", done=False)
    if sight.white > _LOST_SHARE:
        return _step(
            "Light", f"{sight.white:.0%} of the picture is pure white: less light, or from the side.", done=False
        )
    if sight.mean < _DARK:
        return _step("Light", f"The picture is dark (mean {sight.mean:.0f} of 255): bring more light.", done=False)
    if sight.mean > _LIGHT:
        return _step("Light", f"The picture is very bright (mean {sight.mean:.0f} of 255): dim the light.", done=False)
    return _step("Light", f"Even enough (mean {sight.mean:.0f} of 255).", done=True)


def _focus(sight: Sight | None, threshold: float) -> dict[str, Any]:
    if sight is None or sight.sharpness is None:
        return _step(
            "Focus", f"Lay one card under the camera; its sharpness should exceed {threshold:.0f}.", done=False
        )
    if sight.sharpness < threshold:
        said = f"Sharpness is {sight.sharpness:.0f}, below {threshold:.0f}: turn the lens until the number is greatest."
        return _step("Focus", said, done=False)
    return _step("Focus", f"Sharpness is {sight.sharpness:.0f}; {threshold:.0f} is enough.", done=True)


def _calibration(path: str | None, source: str) -> dict[str, Any]:
    if path is not None:
        return _step("Calibration", "The lens is calibrated; centering knows its distortion.", done=True)
    if source.startswith("demo"):
        return _step("Calibration", "The simulated bench needs none.", done=True)
    said = "The lens is not calibrated; centering is less exact. 'card-scanner calibrate --help' shows how."
    return _step("Calibration", said, done=False)


def _database(health: HealthMessage, trouble: str | None) -> dict[str, Any]:
    if trouble is not None:
        return _step("Card database", trouble, done=False)
    cards = f"{health.database_cards:,} cards"
    if health.database == "demo":
        said = f"This is the demo's, with {cards} that do not exist; 'card-scanner database install' puts yours here."
        return _step("Card database", said, done=False)
    return _step("Card database", f"{health.database}, {cards}.", done=True)
