"""The numbers of centering that somebody chose: for `card-training ablate centering --numbers`."""

from collections.abc import Mapping

from training.evaluation.choices import Choice, number

_ROOM = "edge.centering."
# Module -> the numbers whose comment there says that they were chosen; with the modules that import one by its name.
_CHOSEN: Mapping[str, str] = {
    "edges.aspect": "SQUARE_COSINE SQUAREST_FACTOR",
    "edges.strips": "PROFILE_SPACING_MM",
    "edges.lines": (
        "SMOOTHING_PX MIN_GRADIENT FLOOR_FACTOR FLOOR_SHARE MIN_RELATIVE_STEP AGREEMENT_MM LEAST_CUT_MM LEAST_CUT_PX"
    ),
    "edges.hough": "MIN_COVERAGE MIN_VOTES BIN_MM SEPARATION_MM HALF_VOTE_SHARE MIN_BOW_GAIN",
    "edges.outline": (
        "SEARCH_PX_PER_MM SEARCH_SPACING_MM CANDIDATES_PER_SIDE COVERAGE_WEIGHT STRENGTH_WEIGHT DISTANCE_WEIGHT "
        "SPREAD_WEIGHT MIN_ROUNDNESS MIN_CORNER_CHANGE ROUNDING_REACH_MM LARGER_WEIGHT"
    ),
    "edges.tracing": "ASPECT_TOLERANCE MIN_ROUNDED_CORNERS MIN_CORNERS_WITHIN MAX_UNEVENNESS",
    "edges.card_edge": (
        "OUTER_REACH_MM TRACE_REACH_MM MAX_OUTER_SCATTER_MM MAX_CLEAR_SCATTER_PX CLEAR_CONTRAST MAX_FAINT_SCATTER_MM "
        "AS_SHARP AS_STRONG CLEAREST_SCATTER_MM SPREAD_WEIGHT FLOOR_LEVELS FLOOR_SHARE UNSEEN_FACTOR "
        "MAX_SEEN_SCATTER_MM OUTERMOST_FACTOR SAME_EDGE_MM MIN_CHANCE MIN_EVEN_CHANCE MODEL_STD_MM ROUGH_DOUBT"
    ),
    "edges.cut": "MIN_CORE_LEVELS",
    "edges.departure": (
        "BLUR_MM LASTING_MM REACH_MM BEFORE_MM BEYOND_MM SEARCHED_MM PROFILES_AVERAGED MIN_STEP MIN_STEP_NOISES "
        "MIN_COVERAGE MAX_SCATTER_MM MAX_RISE_MM"
    ),
    "edges.print_edge": (
        "MAX_DOUBT ROUGH_SHARE SHADE_MM MAX_OUTSHINING "
        "MIN_CONTRAST DOMINANCE MAX_OUTSIDE ROUGH_COVERAGE MIN_ROUGH_BORDER_MM MIN_ROUGH_SHARE SHARP_SCATTER_MM "
        "NOISE_SCATTERS OUTER_SCATTERS OUTER_BLURS MAX_ROUGHNESS MAX_ROUGHNESS_OF_WHOLE WHOLE_COVERAGE "
        "MIN_EVEN_BORDER_MM CHANGED_LEVELS CHANGED_CONTRAST CHANGED_PROFILES"
    ),
    "edges.border": (
        "CONTRAST_SPREAD WIDE_CONTRAST_SPREAD WIDE_SHARE SHIFT_SPREAD_MM SHIFT_EXPONENT COLOUR_SPREAD MAX_COLOUR_SCORE "
        "MIN_COLOUR_LEVELS BEFORE_SCORE BEHIND_SCORE NARROWEST_MM NARROW_SCORE SUSPICIOUS_SCORE MIN_OTHER_COVERAGE "
        "MAX_OTHER_SCATTER_MM OTHER_EDGE_MM MIN_CHANCE MAX_DOUBT_MM BESIDE_MM MIN_SHARE MAX_HUE MAX_HUE_SHARE "
        "MAX_SHADE MAX_SHADE_SHARE MAX_REFLECTION HUE_GAINS LOPSIDED_MM MIN_LOPSIDED_MM"
    ),
    "edges.print_line": (
        "LINE_FACTORS BLUR_SPREAD FLOOR_LEVELS FLOOR_SHARE INDEPENDENT_SAMPLES OFTEN MIN_STEP MIN_STEP_SHARE "
        "MIN_CHANCE MAX_MISFIT MIN_GAIN"
    ),
    "optics.lens": "MIN_SIGNIFICANCE",
    "figures.places": "PLACE_REACH_MM ROUGH_SCATTER_MM",
    "measurement": "MIN_PX_PER_MM ROUGH_ASPECT_TOLERANCE",
}
_WITH_REFERENCES: Mapping[str, str] = {
    "measurement": "MAX_DISAGREEMENT_STDS CONTRADICTION_SHARE",
    "figures.layout": "MAX_CROP_MM CROP_STD_MM",
    "registration.alignment": (
        "DETAIL_MM NEIGHBOURHOOD_MM CONTRAST_FLOOR SMOOTHING_PX RIM_MM CLEAR_OF_CUT_MM TELLING_SHARE CUT_STDS "
        "LEAST_CUT MIN_CORRELATION MIN_AGREEING"
    ),
    "registration.registration": (
        "REFERENCE_STD_MM REFERENCE_BORDER_STD_MM REFERENCE_STD_DEG MAX_MISFIT_MM MAX_BELIEVED_MISFIT_MM "
        "MIN_BACK_CORRELATION"
    ),
}
_OVER_FRAMES: Mapping[str, str] = {
    "figures.combination": "MAX_DEVIATION MIN_AGREEING",
    "figures.resting": "MAX_FRAMES PATIENCE_FRAMES CHANGE_STDS SHRINKAGE CONTRADICTION_STDS CHECK_EVERY",
}
_ALSO_IN: Mapping[tuple[str, str], str] = {
    ("edges.strips", "PROFILE_SPACING_MM"): "edges.tracing registration.original",
    ("edges.lines", "AGREEMENT_MM"): "edges.print_edge",
    ("edges.hough", "MIN_COVERAGE"): "edges.border edges.card_edge edges.outline edges.print_edge",
    ("edges.card_edge", "OUTER_REACH_MM"): "edges.border edges.print_edge",
    ("edges.card_edge", "TRACE_REACH_MM"): "edges.border edges.print_edge",
    ("edges.card_edge", "MAX_OUTER_SCATTER_MM"): "edges.print_edge",
    ("edges.card_edge", "CLEAR_CONTRAST"): "edges.print_edge",
    ("edges.border", "LOPSIDED_MM"): "figures.layout",
    ("edges.departure", "PROFILES_AVERAGED"): "figures.places",
    ("edges.print_edge", "MIN_CONTRAST"): "edges.border",
    ("edges.print_edge", "MIN_ROUGH_SHARE"): "edges.border",
    ("edges.print_edge", "SHARP_SCATTER_MM"): "edges.tracing",
}


def edge_numbers() -> tuple[Choice, ...]:
    """Those that a card shows without a reference picture."""
    return _numbers(_CHOSEN)


def registration_numbers() -> tuple[Choice, ...]:
    """Those that count with a reference picture only."""
    return _numbers(_WITH_REFERENCES)


def frame_numbers() -> tuple[Choice, ...]:
    """Those that count over many frames of a card."""
    return _numbers(_OVER_FRAMES)


def _numbers(chosen: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(
        number(_ROOM + module, name, also_in=tuple(_ROOM + each for each in _ALSO_IN.get((module, name), "").split()))
        for module, names in chosen.items()
        for name in names.split()
    )
