"""What somebody chose in the detector: each number and rule that decides which outlines are cards, and where."""

from training.evaluation.choices import Choice, number, rule

_CARDS = "edge.detection.cards"
_COMPLETION = "edge.detection.completion"
_REFINEMENT = "edge.detection.refinement"
_SHAPE = "edge.detection.shape"
_OUTLINE = "edge.detection.networks.outline"
_SIDES = "edge.detection.networks.sides"
# Where the detector opens its networks, and makes pictures for them that no choice changes.
NETWORK_OPENERS = ((_OUTLINE, "open_network"), (_SIDES, "open_network"))
REDUCTIONS = ((_OUTLINE, "_padded"), (_SIDES, "_reduced"))


def detection_choices() -> tuple[Choice, ...]:
    """Those of `edge.detection` that a single picture shows."""
    return (*_cards(), *_completion(), *_refinement(), *_shape(), *_networks())


def _cards() -> tuple[Choice, ...]:
    return (
        number(_CARDS, "FAR_PX"),
        number(_CARDS, "NEARER_PX", off=()),
        number(_CARDS, "CLOSE_PX"),
        number(_CARDS, "SMALL_PX", off=0.0),
        number(_CARDS, "LARGE", off=float("inf")),
        number("edge.geometry", "PART", off=2.0, also_in=(_CARDS,)),
        number(_CARDS, "MIN_SCORE"),
        number(_CARDS, "REACH", off=0.0),
        number(_CARDS, "MIN_SUPPORT", off=0.0),
        number(_CARDS, "MAX_SHAPE_ERROR", off=float("inf")),
        number("edge.geometry", "SAME_CARD_IOU", off=1.0, also_in=(_CARDS, _OUTLINE)),
        number(_CARDS, "MAX_OUTSIDE", off=float("inf")),
        rule("parts of a better proposal are dropped", _CARDS, "_whole", lambda proposals: proposals),
        rule("covered sides are completed", _CARDS, "completed", lambda _, quad: quad),
        rule("only a card's own shape", _CARDS, "card_shape_error", lambda quads, _: [0.0] * len(quads)),
    )


def other_choices() -> tuple[Choice, ...]:
    """Those of the closer look at a card that was outlined wrongly."""
    return (
        number(_CARDS, "CLOSER_LOOKS", off=()),
        number(_CARDS, "AS_FOUND_IOU", off=1.0),
        number(_CARDS, "MIN_OTHER_SCORE"),
        number(_CARDS, "LOOSE_SLEEVE_MM"),
        number("edge.detection.others", "TIGHT_SLEEVE_MM"),
        number("edge.detection.others", "SLEEVE_REACH_MM"),
    )


def _completion() -> tuple[Choice, ...]:
    return (
        number(_COMPLETION, "NEAREST"),
        number(_COMPLETION, "FARTHEST"),
        number(_COMPLETION, "SAMPLES"),
        number(_COMPLETION, "OTHER_LEVELS"),
        number(_COMPLETION, "OTHER_SPREADS"),
        number(_COMPLETION, "SHRINKS"),
        number(_COMPLETION, "MAX_GROWTH"),
        number(_COMPLETION, "NOTHING_MISSING"),
        number(_COMPLETION, "TILTED"),
    )


def _refinement() -> tuple[Choice, ...]:
    return (
        number(_REFINEMENT, "COARSE_STEPS"),
        number(_REFINEMENT, "FINE_STEPS"),
        number(_REFINEMENT, "NEARNESS", off=0.0),
        number(_REFINEMENT, "BOW_PRIOR", off=1e-9),
        number(_REFINEMENT, "NOISE_STEPS"),
        number(_REFINEMENT, "TUKEY_STEPS"),
        number(_REFINEMENT, "INLIER_STEPS"),
        number(_REFINEMENT, "MIN_EDGE_LEVELS"),
        number(_REFINEMENT, "STRONG", off=0.0),
        number(_REFINEMENT, "STEPS_A_SIDE"),
        number(_REFINEMENT, "MIN_SIDE_SUPPORT", off=0.0),
    )


def _shape() -> tuple[Choice, ...]:
    return (
        number(_SHAPE, "FOCAL_LENGTHS"),
        number(_SHAPE, "BRIDGE_PENALTY", off=float("inf")),
        number(_SHAPE, "MAX_TILT_DEG", off=90.0),
        number(_SHAPE, "MAX_UNSEEN_TILT_DEG", off=90.0),
        number(_SHAPE, "VISIBLE_CONVERGENCE"),
        number(_SHAPE, "ANGLE_WEIGHT", off=0.0),
        number(_SHAPE, "BEND_WEIGHT", off=0.0),
        number(_SHAPE, "MAX_BEND", off=0.0),
    )


def _networks() -> tuple[Choice, ...]:
    return (
        number(_OUTLINE, "AGREEING", off=0),
        number(_OUTLINE, "AGREEING_SCORE", off=0.0),
        number(_OUTLINE, "FITS"),
        number(_SIDES, "MAX_PASSES"),
        number(_SIDES, "SETTLED", off=0.0),
        number(_SIDES, "_CORNER_PX", off=0.0),
        number(_SIDES, "_OWN_VARIANCE", off=0.0),
    )
