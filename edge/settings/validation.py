"""Says in a few words what pydantic found wrong."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def first_fault(error: ValidationError, whole: str) -> str:
    """The first thing that is wrong, as `where: what`; `whole` is the place of what concerns no single field."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    return f"{where}: {what_is_wrong(first)}"


def what_is_wrong(fault: ErrorDetails) -> str:
    """What pydantic says of a fault, without the name of the exception of our own checks."""
    return fault["msg"].removeprefix("Value error, ")
