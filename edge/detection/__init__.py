"""Finds cards in frames: their outlines as quads with sub-pixel corners."""

from edge.detection.detector import QuadDetector
from edge.detection.live import LiveDetector
from edge.detection.refinement import refine_quad
from edge.detection.stills import StillDetector

__all__ = ["LiveDetector", "QuadDetector", "StillDetector", "refine_quad"]
