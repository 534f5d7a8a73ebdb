"""Centering: how well a card's print is centred, at 24 places, with its uncertainty."""

from edge.centering.figures.report import centering_report
from edge.centering.figures.resting import RestingCard
from edge.centering.measurement import Measure, Setup, measure
from edge.centering.result import Centering

__all__ = ["Centering", "Measure", "RestingCard", "Setup", "centering_report", "measure"]
