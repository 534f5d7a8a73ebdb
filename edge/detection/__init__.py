"""Finds cards in frames: their outlines as quads with sub-pixel corners."""

from edge.detection.cards import CardDetector
from edge.detection.following.failures import SearchFailures
from edge.detection.following.following import Following
from edge.detection.following.sensor_boxes import SensorBoxes, with_boxes
from edge.detection.following.stills import StillDetector
from edge.detection.following.whole_frame import WholeFrame
from edge.detection.others import filling_quads
from edge.detection.refinement import refine_quad

__all__ = [
    "CardDetector",
    "Following",
    "SearchFailures",
    "SensorBoxes",
    "StillDetector",
    "WholeFrame",
    "filling_quads",
    "refine_quad",
    "with_boxes",
]
