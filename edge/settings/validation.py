"""Says in a few words what pydantic found wrong."""

from pydantic import ValidationError


def first_fault(error: ValidationError, whole: str) -> str:
    """The first thing that is wrong, as `where: what`; `whole` is the place of what concerns no single field."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    return f"{where}: {first['msg']}"
