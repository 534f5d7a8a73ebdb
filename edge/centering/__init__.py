"""Centering: how well a card's print is centred, at 24 places, with its uncertainty."""

from edge.centering.measurement import measure
from edge.centering.resting import RestingCard
from edge.centering.result import Centering

__all__ = ["Centering", "RestingCard", "measure"]
