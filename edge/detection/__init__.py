"""Finds cards in frames: their outlines as quads with sub-pixel corners."""

from edge.detection.cards import CardDetector
from edge.detection.failures import SearchFailures
from edge.detection.live import LiveDetector
from edge.detection.others import filling_quads
from edge.detection.refinement import refine_quad
from edge.detection.stills import StillDetector

__all__ = ["CardDetector", "LiveDetector", "SearchFailures", "StillDetector", "filling_quads", "refine_quad"]
