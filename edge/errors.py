"""The exception tree: every failure that a user can be told about.

A message says what was wrong, where, and what to do about it. The commands print the message and exit with
`exit_code`; nothing below a command prints or exits.
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """What programs are told of a command that failed."""

    REQUEST = "request"
    UNKNOWN_COMMAND = "unknown_command"
    BUSY = "busy"
    CONFIGURATION = "configuration"
    SOURCE = "source"
    MODEL = "model"
    DATABASE = "database"
    FAILED = "failed"
    INTERNAL = "internal"


class ScannerError(Exception):
    """Base of every error that this project raises on purpose."""

    exit_code = 1
    code: ErrorCode = ErrorCode.FAILED


class ConfigurationError(ScannerError):
    """A configuration file, an environment override or a command-line option is invalid."""

    exit_code = 2
    code = ErrorCode.CONFIGURATION


class SourceError(ScannerError):
    """A source of frames cannot be opened or has failed (camera, video, photo)."""

    code = ErrorCode.SOURCE


class SourceLostError(SourceError):
    """A source failed in a way that opening it again in this process does not mend."""


class ImageError(SourceError):
    """A single image file is missing, unreadable, empty or of an unusable shape."""


class ModelError(ScannerError):
    """A model file or its manifest is missing, damaged or of an unusable shape."""

    code = ErrorCode.MODEL


class InferenceError(ScannerError):
    """A model that was loaded could not produce an embedding."""

    code = ErrorCode.MODEL


class InferenceTimeoutError(InferenceError):
    """The accelerator did not answer in time."""


class DatabaseError(ScannerError):
    """A card database is missing, damaged or incomplete."""

    code = ErrorCode.DATABASE


class ModelMismatchError(DatabaseError):
    """The card database was built with another model, dimension or preprocessing."""


class LearningError(ScannerError):
    """What lies in view cannot be learned as a card."""


class PublishError(ScannerError):
    """A socket cannot be bound, or a message cannot be sent."""


class ProtocolError(ScannerError):
    """What another program sent is not of this version's protocol."""


class RequestError(ScannerError):
    """A command is not JSON, or its fields are not those that it takes."""

    code = ErrorCode.REQUEST


class UnknownCommandError(RequestError):
    """There is no such command."""

    code = ErrorCode.UNKNOWN_COMMAND


class BusyError(ScannerError):
    """Too many commands wait already."""

    code = ErrorCode.BUSY


class NoAnswerError(ScannerError):
    """A scanner did not answer in time."""


class RefusedError(ScannerError):
    """A scanner does not carry a command out; `code` is the one that it gives."""

    def __init__(self, sentence: str, code: ErrorCode) -> None:
        """Say what the scanner says."""
        super().__init__(sentence)
        self.code = code


class MeasurementError(ScannerError):
    """A geometric computation has no answer for its input (degenerate points, no card)."""


class WorkerError(ScannerError):
    """A thread of the daemon failed again and again, or stopped making progress."""


class StoreError(ScannerError):
    """The log of scans or the inventory cannot be read or written."""
