"""What all that other programs read has in common."""

from pydantic import BaseModel, ConfigDict


class WireModel(BaseModel):
    """An object of the protocol: nothing beside its fields, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
