"""What can go wrong while training; every error of this project is a `ScannerError`."""

from edge.errors import ScannerError


class TrainingError(ScannerError):
    """A training run cannot start, go on or be resumed."""


class ExportError(ScannerError):
    """A checkpoint cannot be exported, or the exported model does not agree with it."""


class CalibrationError(ScannerError):
    """A card database holds too little to measure how far its answers can be trusted."""
