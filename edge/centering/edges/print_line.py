"""A thin line round the print: the printed border ends at its outer side, on all four sides.

Most frames have one, of 0.15 to 0.35 mm, some a light and a dark one. Seen at 6 to 12 pixels a millimetre it is one to
four pixels wide, and which of its sides the strongest gradient marks changes with light, blur and the frame's colour.
In the mean of all profiles along a side its shape stands out of the noise. One line runs round the print, and one lens
blurs it: the same widths and the same blur have to explain all sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.edge_model import normal_step
from edge.centering.edges.lines import Trace, sampled_along
from edge.centering.edges.print_edge import CUT_EDGE_MM, BorderSide
from edge.centering.edges.strips import Floats
from edge.geometry import Side

# numerics: where the profile is read, about the edge that guides it.
ACROSS_MM = np.arange(-0.95, 0.8501, 0.04)
# numerics: places of the border's end that are tried, between which the vertex of a parabola is taken: the guide may
# lie at the inner side of two lines.
END_STEP_MM = 0.05
ENDS_MM = np.arange(-0.6, 0.2001, END_STEP_MM)
# numerics: standard deviations of the blur, a third apart: of half a sample at 20 px/mm to two and a half at 7.
BLURS_MM = np.array([0.022, 0.03, 0.04, 0.053, 0.071, 0.095, 0.126, 0.168, 0.225, 0.3, 0.36])
# geometry: widths of lines on cards, outside to inside; none, one, or two.
LINES_MM = np.array(
    [(0.0, 0.0)]
    + [(first, 0.0) for first in (0.15, 0.18, 0.22, 0.26, 0.3, 0.35, 0.45, 0.6)]
    + [(first, second) for first in (0.15, 0.19, 0.23, 0.28) for second in (0.15, 0.19, 0.23, 0.28)]
)
# geometry: border and its light, two lines, frame and its slope, and the halo that sharpening leaves about an edge.
_TERMS = 7
# numerics: terms of a model that differ by less are one.
_SAME = 1e-6
# chosen: how many times better models with one line, and with two, have to fit: each adds a colour and a width.
LINE_FACTORS = (1.4, 1.7)
# chosen: the blur of a print's edge beside that of the card's edge, standard deviation of its logarithm.
BLUR_SPREAD = 0.3
# numerics: blurs that are tried on either side of the nearest.
BLURS_TRIED = 2
# chosen: how well a model can fit the mean profile: in grey levels, and as a share of its range.
FLOOR_LEVELS, FLOOR_SHARE = 0.4, 0.008
# chosen: the likelihood of a misfit is that of so many independent, normally distributed samples.
INDEPENDENT_SAMPLES = 10.0
# chosen: how often prints have no line, one, and two, before they are looked at.
OFTEN = (0.4, 0.4, 0.2)
# chosen: a line that differs less from what is outside of it, in grey levels and as a share of the profile's range, is
# none: it is the light's, or a lens's.
MIN_STEP, MIN_STEP_SHARE = 10.0, 0.12
# chosen: below this chance of any line the edges stay as they were found; and where no model fits better than this
# share of a profile's range, nor so many times better than those without a line, as textures and foil leave none.
MIN_CHANCE, MAX_MISFIT, MIN_GAIN = 0.02, 0.02, 3.0
# numerics: what a grid of widths 0.05 mm apart leaves open of the line's outer side (half a step, evenly spread).
WIDTHS_STD_MM = 0.012
# geometry: border that has to be seen before its end.
MIN_SEEN_MM = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fits:
    """What the models say of the sides, and where each ends the border.

    Attributes:
        chance: of any line.
        misfit: of the likeliest model where it fits worst, as a share of the side's range.
        gain: how many times as far the likeliest model without a line is off there.
        ends_mm: against the guides [S].
        stds_mm: of them [S], on each side by itself.
        common_std_mm: of all of them together, as the lines' widths are not known.
    """

    chance: float
    misfit: float
    gain: float
    ends_mm: Floats
    stds_mm: Floats
    common_std_mm: float


def with_lines(sides: Mapping[Side, BorderSide]) -> dict[Side, BorderSide]:
    """The same sides with the print's edges at the outer side of the line that runs round it, where there is one.

    Args:
        sides: with both edges; the print's may be any side of the line.
    """
    prints = {side: found.inner for side, found in sides.items() if found.inner is not None}
    wide = {side: inner for side, inner in prints.items() if _room_mm(sides[side], inner) > 0}
    if len(prints) < len(sides) or len(wide) < len(sides):
        return dict(sides)
    profiles = np.stack([sampled_along(sides[s].strip, inner, ACROSS_MM).mean(axis=0) for s, inner in wide.items()])
    room = np.array([_room_mm(sides[side], inner) for side, inner in wide.items()])
    blur = float(np.median([sides[side].outer.width_mm for side in wide]))
    fits = _fits(profiles, room, max(blur, float(BLURS_MM[0])))
    if fits.chance < MIN_CHANCE or (fits.misfit > MAX_MISFIT and fits.gain < MIN_GAIN):
        return dict(sides)
    return {
        side: replace(sides[side], inner=_ended(inner, k, fits, profiles[k]))
        for k, (side, inner) in enumerate(wide.items())
    }


def _spans(profiles: Floats) -> Floats:
    return np.asarray(np.linalg.norm(np.ptp(profiles, axis=1), axis=1), dtype=np.float64)


def _room_mm(found: BorderSide, inner: Trace) -> float:
    """How far before the guide the border's end may be looked for."""
    return inner.curve[0] - found.outer.curve[0] - CUT_EDGE_MM - MIN_SEEN_MM


def _ended(inner: Trace, k: int, fits: _Fits, profile: Floats) -> Trace:
    """A guide moved to the border's end; its contrast is that of what lies beyond all lines."""
    c0, c1, c2 = inner.curve
    end_mm = float(fits.ends_mm[k])
    return replace(
        inner,
        across_mm=inner.across_mm + end_mm,
        curve=(c0 + end_mm, c1, c2),
        doubt_mm=float(fits.stds_mm[k]),
        common_std_mm=float(np.hypot(fits.common_std_mm, WIDTHS_STD_MM)),
        contrast=max(inner.contrast, float(np.linalg.norm(profile[-1] - profile[0]))),
    )


def _fits(profiles: Floats, room_mm: Floats, blur_mm: float) -> _Fits:
    """Fit every model to the mean profiles [S, M, 3] of all sides at once."""
    centred = (profiles - profiles.mean(axis=1, keepdims=True)).astype(np.float32)
    count = len(profiles)
    columns = centred.transpose(1, 0, 2).reshape(len(ACROSS_MM), -1)
    nearest = int(np.abs(np.log(BLURS_MM / blur_mm)).argmin())
    near = slice(max(nearest - BLURS_TRIED, 0), nearest + BLURS_TRIED + 1)
    bases, rises = _models()
    parts = bases[near] @ columns
    shape = len(BLURS_MM[near]), len(LINES_MM), len(ENDS_MM), _TERMS, count, 3
    explained = np.einsum("blxtsc,blxtsc->blxs", *[parts.reshape(shape)] * 2)
    whole = np.einsum("smc,smc->s", centred, centred)
    spans = _spans(profiles)
    left = np.maximum(whole - explained, 0.0) / columns[:, :3].size
    misfits = left + FLOOR_LEVELS**2 + (FLOOR_SHARE * spans) ** 2
    lines = (LINES_MM > 0).sum(axis=1)
    factors = np.array([1.0, *LINE_FACTORS])[lines]
    scores = -INDEPENDENT_SAMPLES / 2 * np.log(misfits * (factors**2)[None, :, None, None])
    scores = np.where(ENDS_MM[:, None] < -room_mm, -np.inf, scores)
    rise = (rises[near] @ columns).reshape(*shape[:3], 2, count, 3)
    steps = np.sqrt(np.einsum("blxtsc,blxtsc->tblxs", rise, rise))
    hidden = (steps < np.maximum(MIN_STEP, MIN_STEP_SHARE * spans)) & (LINES_MM.T[:, None, :, None, None] > 0)
    scores = np.where(hidden.any(axis=0), -np.inf, scores)
    blurred = -0.5 * (np.log(BLURS_MM[near] / blur_mm) / BLUR_SPREAD) ** 2
    each = np.logaddexp.reduce(scores, axis=2)
    often = np.log(np.array(OFTEN) / np.bincount(lines))[lines]
    combined = blurred[:, None] + often + each.sum(axis=2)
    chances = np.exp(combined - combined.max())
    chances /= chances.sum()
    within = np.exp(scores - np.where(np.isfinite(each), each, 0.0)[:, :, None, :])
    means = np.einsum("x,blxs->bls", ENDS_MM, within)
    spreads = np.einsum("x,blxs->bls", ENDS_MM**2, within) - means**2
    ends = np.einsum("bl,bls->s", chances, means)
    between = np.einsum("bl,blst->st", chances, (away := means - ends)[..., :, None] * away[..., None, :])
    together = float(np.mean(between))
    best = np.unravel_index(chances.argmax(), chances.shape)
    off = np.sqrt(np.take_along_axis(left[best], scores[best].argmax(axis=0)[None], axis=0)[0]) / spans
    plain = np.sqrt(left[:, 0].min(axis=(0, 1))) / spans
    worst = int(off.argmax())
    return _Fits(
        chance=float(chances[:, 1:].sum()),
        misfit=float(off[worst]),
        gain=float(plain[worst] / max(float(off[worst]), FLOOR_SHARE)),
        ends_mm=ends,
        stds_mm=np.sqrt(np.einsum("bl,bls->s", chances, spreads) + np.maximum(np.diag(between) - together, 0.0)),
        common_std_mm=float(np.sqrt(max(together, 0.0))),
    )


@cache
def _models() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of all models: orthonormal bases [B, L * E * 6, M], and what reads off a profile [B, L * E * 2, M].

    That is how far the first line's level lies above the border's where it ends, and the second's above the first's.
    """
    blur = BLURS_MM[:, None, None, None]
    first, second = (LINES_MM[:, k][:, None, None] for k in (0, 1))
    from_end = ACROSS_MM - ENDS_MM[:, None]
    places = from_end + 0 * first, from_end - first, from_end - first - second
    begun = [normal_step(place / blur) for place in places]
    bells = [blur * np.exp(-0.5 * (place / blur) ** 2) / np.sqrt(2 * np.pi) for place in (places[0], places[2])]
    terms = [
        1 - begun[0],
        places[0] * (1 - begun[0]) - bells[0],
        begun[0] - begun[1],
        begun[1] - begun[2],
        begun[2],
        places[2] * begun[2] + bells[1],
        places[2] * np.exp(-0.5 * (places[2] / blur) ** 2) / blur,
    ]
    design = np.stack([np.broadcast_to(term, begun[0].shape) for term in terms], axis=-1)
    basis, strength, _ = np.linalg.svd(design, full_matrices=False)
    basis = basis * (strength > _SAME * strength[..., :1])[..., None, :]
    levels = np.linalg.pinv(design, rcond=_SAME)
    rises = np.stack([levels[..., 2, :] - levels[..., 0, :], levels[..., 3, :] - levels[..., 2, :]], axis=-2)
    shape = len(BLURS_MM), -1, len(ACROSS_MM)
    bases = np.ascontiguousarray(np.moveaxis(basis, -1, -2).reshape(shape), dtype=np.float32)
    return bases, np.ascontiguousarray(rises.reshape(shape), dtype=np.float32)
