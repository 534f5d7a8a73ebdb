"""What all that other programs read has in common."""

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    """An object of the protocol: nothing beside its fields is written, and none is changed; `decode` reads more."""

    model_config = ConfigDict(extra="forbid", frozen=True)
