"""What was fitted to simulated cards: `card-training fit centering` makes `fitted.json` again."""

import functools
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field


class CutFit(BaseModel):
    """How a card's cut looks, and how likely each place of its edge is (`edge.centering.edges.cut`).

    Attributes:
        independent_samples: the likelihood of a misfit is that of so many independent, normally distributed ones.
        narrow_cut, wide_cut: how many times better a model has to fit that has a cut below 0.25 mm, and a wider one;
            narrow ones fit whatever shape the blur has.
        core_spread: how far the cut's colour lies off the line from the border's to the core's, grey levels.
        core_gain, other_colour: what the log-likelihood gains where it lies on it, and where it does not.
        beyond_core, below_border: how far it lies outside of that line's ends, as shares of its length.
        light_spread, light_share: how unlike the sums of opposite sides are, on their own and as a share of all.
        other_light: the chance of anything else.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    independent_samples: float = Field(gt=0)
    narrow_cut: float = Field(gt=0)
    wide_cut: float = Field(gt=0)
    core_spread: float = Field(gt=0)
    core_gain: float
    other_colour: float
    beyond_core: float = Field(gt=0)
    below_border: float = Field(gt=0)
    light_spread: float = Field(gt=0)
    light_share: float = Field(gt=0)
    other_light: float = Field(gt=0, lt=1)


class UncertaintyFit(BaseModel):
    """What displaces a whole edge, standard uncertainties.

    Attributes:
        sampling_px: of any edge, in samples.
        scatter: whatever roughens the card's edge, as a multiple of its scatter.
        rough_scatter: of its scatter beyond 0.03 mm, added to that: the edge is worn, shadowed or two edges in one.
        blur: whatever blurs it, as a share of its blur.
        faint_px: what lies beside a faint edge, in samples times grey levels.
        rise: of a rough print edge, as a share of half the length of its rise.
        opposition: correlation of the errors of opposite borders: light from one side displaces both outer edges the
            same way, so that one border gains what the other loses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sampling_px: float = Field(ge=0)
    scatter: float = Field(ge=0)
    rough_scatter: float = Field(ge=0)
    blur: float = Field(ge=0)
    faint_px: float = Field(ge=0)
    rise: float = Field(ge=0)
    opposition: float = Field(ge=-1, le=1)


class FitSource(BaseModel):
    """Where the numbers come from.

    Attributes:
        command: that makes them again.
        date: on which it was run.
        first_seed: of the simulated scenes.
        cards, borders: measured ones, to whose errors the uncertainties were fitted.
        edges: sides of cards, to whose true places the cut was fitted.
        errors: standard errors of the numbers; None where these cards do not tell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str
    date: str
    first_seed: int
    cards: int
    borders: int
    edges: int
    errors: dict[str, float | None]


class FittedCentering(BaseModel):
    """All of `fitted.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: FitSource
    cut: CutFit
    uncertainty: UncertaintyFit


@functools.cache
def fitted() -> FittedCentering:
    """What travels in the package."""
    text = resources.files(__package__).joinpath("fitted.json").read_text(encoding="utf-8")
    return FittedCentering.model_validate_json(text)
