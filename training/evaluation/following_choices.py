"""What somebody chose in the following of cards from frame to frame, and in their tracks."""

import numpy as np

from training.evaluation.choices import Choice, number, rule

_KNOWN = "edge.detection.following.known"
_WHOLE_FRAME = "edge.detection.following.whole_frame"
_SENSOR_BOXES = "edge.detection.following.sensor_boxes"
_TRACKING = "edge.pipeline.tracking"
# What runs searches in a thread of its own.
EXECUTOR = ("edge.detection.following.following", "ThreadPoolExecutor")


def following_choices() -> tuple[Choice, ...]:
    """Those that frames of a camera that gives pictures alone show."""
    return (
        number(_KNOWN, "CHANGED_LEVELS"),
        number(_KNOWN, "CHANGED_BLOCKS"),
        number(_KNOWN, "FOLLOW_REACH"),
        number(_KNOWN, "SIDE_TOLERANCE", off=float("inf")),
        number(_KNOWN, "PATCH_PX"),
        number(_KNOWN, "WINDOW_MARGIN", off=0.0),
        number(_KNOWN, "MIN_RESPONSE", off=0.0),
        number(_KNOWN, "FOLLOW_SUPPORT", off=0.0),
        rule("a card is looked for where its picture has moved to", _KNOWN, "_shift", lambda *_: np.zeros(2)),
        number(_WHOLE_FRAME, "BLOCK_PX"),
        number(_WHOLE_FRAME, "UNCONFIRMED_SEARCHES", off=0),
        number(_TRACKING, "VELOCITY_SHARE", off=0.0),
        number(_TRACKING, "COASTING", off=0.0),
        number(_TRACKING, "TOLERATED_MISSES", off=0),
    )


def sensor_choices() -> tuple[Choice, ...]:
    """Those that frames with a sensor's boxes show."""
    return (
        number(_SENSOR_BOXES, "BOX_MARGIN", off=0.0),
        number(_SENSOR_BOXES, "FILLED"),
        number(_SENSOR_BOXES, "SEEN"),
        number(_SENSOR_BOXES, "UNSEEN_FRAMES"),
        number(_SENSOR_BOXES, "STILL_FRAMES", off=10**9),
    )
