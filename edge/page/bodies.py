"""What browsers send: bounded, and checked before it is used."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from edge.settings.validation import first_fault

# chosen: longer is no form of this page's.
_LONGEST_FORM_BYTES = 4096

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The body, no longer than that.

    Raises:
        HTTPException: if it is longer.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise HTTPException(413, f"This is longer than {most_bytes} bytes.")
    return body


async def read_form(request: Request, kind: type[ModelT]) -> ModelT:
    """A JSON object of that kind.

    Raises:
        HTTPException: if it is none.
    """
    try:
        return kind.model_validate_json(await read_body(request, _LONGEST_FORM_BYTES))
    except ValidationError as cause:
        raise HTTPException(400, first_fault(cause, "the form")) from cause
