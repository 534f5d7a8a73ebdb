"""The exception tree: every failure that a user can be told about.

A message says what was wrong, where, and what to do about it. The commands print the message and exit with
`exit_code`; nothing below a command prints or exits.
"""


class ScannerError(Exception):
    """Base of every error that this project raises on purpose."""

    exit_code = 1


class ConfigurationError(ScannerError):
    """A configuration file, an environment override or a command-line option is invalid."""

    exit_code = 2


class SourceError(ScannerError):
    """A source of frames cannot be opened or has failed (camera, video, photo)."""


class SourceLostError(SourceError):
    """A source failed in a way that opening it again in this process does not mend."""


class ImageError(SourceError):
    """A single image file is missing, unreadable, empty or of an unusable shape."""


class ModelError(ScannerError):
    """A model file or its manifest is missing, damaged or of an unusable shape."""


class InferenceError(ScannerError):
    """A model that was loaded could not produce an embedding."""


class InferenceTimeoutError(InferenceError):
    """The accelerator did not answer in time."""


class DatabaseError(ScannerError):
    """A card database is missing, damaged or incomplete."""


class ModelMismatchError(DatabaseError):
    """The card database was built with another model, dimension or preprocessing."""


class PublishError(ScannerError):
    """A socket cannot be bound, or a message cannot be sent."""


class ProtocolError(ScannerError):
    """What another program sent is not of this version's protocol."""


class MeasurementError(ScannerError):
    """A geometric computation has no answer for its input (degenerate points, no card)."""


class WorkerError(ScannerError):
    """A thread of the daemon failed again and again, or stopped making progress."""
