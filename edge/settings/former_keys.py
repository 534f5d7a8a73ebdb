"""Keys that older configuration files have, read as what they mean now."""

import logging
from typing import Any

from edge.settings.sections import SourceSettings

_FORMER_DISTANCES = ("confirmed", "unknown", "not_a_card")

_log = logging.getLogger(__name__)


def with_present_keys(values: Any) -> Any:  # noqa: ANN401 (whatever was given)
    """The settings with former keys replaced or left out, each with a warning; what is no settings stays as it is.

    Raises:
        ValueError: if a former key's value means nothing now.
    """
    if not isinstance(values, dict):
        return values
    return _without_distances(_hold_in_seconds(values))


def _hold_in_seconds(values: dict[str, Any]) -> dict[str, Any]:
    """Take `tracking.max_missed_frames` as so many frames of the source."""
    tracking = values.get("tracking")
    if not isinstance(tracking, dict) or "max_missed_frames" not in tracking:
        return values
    tracking = dict(tracking)
    frames = tracking.pop("max_missed_frames")
    source = values.get("source", {})
    fps: Any = source.get("fps", SourceSettings().fps) if isinstance(source, dict) else getattr(source, "fps", None)
    try:
        tracking["hold_s"] = float(frames) / float(fps)
    except (TypeError, ValueError, ArithmeticError):
        raise ValueError("tracking.max_missed_frames is now tracking.hold_s, in seconds") from None
    _log.warning(
        "tracking.max_missed_frames is now tracking.hold_s, in seconds: %s frames are taken as %.3g s",
        frames,
        tracking["hold_s"],
    )
    return values | {"tracking": tracking}


def _without_distances(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out the distances that were decided by; the database's calibration does."""
    smoothing = values.get("smoothing")
    if not isinstance(smoothing, dict) or not (former := [key for key in _FORMER_DISTANCES if key in smoothing]):
        return values
    _log.warning(
        "smoothing.%s: distances decide no longer, but the probabilities that the card database is calibrated for; "
        "how many false accepts it allows is given to 'card-training index --false-accepts'",
        ", ".join(former),
    )
    kept = {key: value for key, value in smoothing.items() if key not in former}
    return values | {"smoothing": kept}
