"""Finds cards in frames: their outlines as quads with sub-pixel corners."""

from edge.detection.cards import CardDetector
from edge.detection.following.failures import SearchFailures
from edge.detection.following.live import LiveDetector
from edge.detection.following.stills import StillDetector
from edge.detection.others import filling_quads
from edge.detection.refinement import refine_quad

__all__ = ["CardDetector", "LiveDetector", "SearchFailures", "StillDetector", "filling_quads", "refine_quad"]
