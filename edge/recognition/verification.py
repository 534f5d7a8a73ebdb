"""Tells look-alikes apart: cards, such as reprints, that share everything but small details.

No embedding of a whole card sees a set symbol of 4 mm reliably. The verifier registers the rectified card to what the
group of look-alikes shares, and compares it with each member only in the small windows where the members differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import REPAIR, Window
from edge.database.search import CardDatabase, Match
from edge.errors import DatabaseError
from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH
from edge.imaging.small_pictures import decode_small
from edge.recognition.byte_cache import ByteCache
from edge.recognition.window_evidence import BLUR_PX, Pixels, window_evidence

# geometry: of the small picture by which a card is registered to its group: its art has details of a millimetre.
ANCHOR_PX_PER_MM = 2
_ANCHOR_SIZE = (
    RECTIFIED_WIDTH * ANCHOR_PX_PER_MM // RECTIFIED_PX_PER_MM,
    RECTIFIED_HEIGHT * ANCHOR_PX_PER_MM // RECTIFIED_PX_PER_MM,
)
_MEMBER_SIZE = (RECTIFIED_WIDTH, RECTIFIED_HEIGHT)
_ANCHOR_SCALE = RECTIFIED_PX_PER_MM / ANCHOR_PX_PER_MM
# geometry: a print is not further off its card: borders are 3 mm wide.
_GREATEST_SHIFT_MM = 3.0
# geometry: 1.5 mm, by which a corner that is off moves a window.
_SEARCH_PX = 12
# chosen: on 350 simulated captures (4 to 8 pixels/mm, blurred, noisy) the right member reached 0.8 in every one; of 150
# wrong cards, 95 % stayed below 0.55 (`card-training evaluate scenes`: reprints that share their art).
_READABLE = 0.5
# chosen: the lead that decides, of that of the member's perfect picture: a third of it, and hardly more than all of it,
# which another card has (`card-training evaluate scenes`: reprints that share their art).
_DECISIVE = (0.35, 1.4)
# chosen: between what the right and the wrong cards of those captures reached (`card-training evaluate scenes`).
_LEAST_EVIDENCE = 0.7
# numerics: standard deviations, which noise exceeds to one side in 2.3 % of the cases.
_SIGNIFICANT = 2.0
# physics: some 150 members, at 6 kB each. Decoding a group takes milliseconds; the card that lies there is asked about
# again and again.
_DECODED_BYTES = 1_000_000

PatchT = TypeVar("PatchT", Image, Pixels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the look-alike check found.

    Attributes:
        card_id: the member of the group that the card resembles most; None where the windows could not be read.
        decided: whether the evidence is enough to prefer it.
        evidence: card id -> correlation with the card where the group's members differ, -1 to 1.
        margin: lead of the best member over the next, as a share of what a perfect image of the best would have.
        identical: whether the group's pictures differ nowhere.
    """

    card_id: str | None
    decided: bool
    evidence: dict[str, float]
    margin: float
    identical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _WindowReferences:
    """One window of a group: x, y, width, height, and its pictures there, uint8 [P, height, width, 3], smoothed."""

    window: Window
    pixels: Image


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """Card ids of the members, and which of the P pictures each has: equal ones share one."""

    card_ids: tuple[str, ...]
    pictures: NDArray[np.int64]
    anchor: Pixels
    windows: tuple[_WindowReferences, ...]

    @property
    def nbytes(self) -> int:
        return self.anchor.nbytes + sum(window.pixels.nbytes for window in self.windows)


class Verifier:
    """Holds the reference images of a database's look-alikes.

    They are read and decoded when they are needed, and kept so up to a few MB.
    """

    def __init__(self, database: CardDatabase) -> None:
        """Verify the look-alikes of `database`."""
        self._database = database
        self._groups_of: dict[str, list[int]] = {}
        for number, group in enumerate(database.lookalikes):
            cards = {member.card_id for member in group.members}
            for card_id in cards if len(cards) > 1 else ():
                self._groups_of.setdefault(card_id, []).append(number)
        # Of the database alone: made by a method of this, it would keep both after their last use.
        self._decoded = ByteCache(partial(_decoded_group, database), _DECODED_BYTES)

    def check(self) -> None:
        """Decode every reference image once, which else happens when such a card lies there.

        Raises:
            DatabaseError: if one is damaged.
        """
        for number in range(len(self._database.lookalikes)):
            _decoded_group(self._database, number)

    def verify(self, card: Image, matches: Sequence[Match]) -> Verification | None:
        """Decide between the look-alikes of the first match.

        Args:
            card: rectified card, uint8 [704, 504, 3] BGR, upright.
            matches: of the card, best first.

        Returns:
            None where the first match has no look-alikes; other images of the same card are none.

        Raises:
            DatabaseError: if a reference image is damaged.
        """
        groups = self._groups_of.get(matches[0].card_id, []) if matches else []
        found = {number: self._verify_in(self._decoded.get(number), card, matches) for number in groups}
        return _of_all(found, self._groups_of) if found else None

    def _verify_in(self, group: _Group, card: Image, matches: Sequence[Match]) -> Verification:
        listed = {match.card_id for match in matches}
        likely = sorted(
            {int(p) for p, card_id in zip(group.pictures, group.card_ids, strict=True) if card_id in listed}
        )
        shift = _shift_px(group.anchor, card)
        patches = [_patch_in(window, likely, card, shift) for window in group.windows]
        readable = [
            (window.pixels, patch) for window, patch in zip(group.windows, patches, strict=True) if patch is not None
        ]
        return replace(_decide(group, readable), identical=not group.windows)


def _decoded_group(database: CardDatabase, number: int) -> _Group:
    group = database.lookalikes[number]
    anchor = _decoded(database, group.anchor, _ANCHOR_SIZE, grey=True)
    files = list(dict.fromkeys(member.file for member in group.members))
    pixels = [np.empty((len(files), height, width, 3), np.uint8) for _, _, width, height in group.windows]
    for picture, file in enumerate(files):
        card = _decoded(database, file, _MEMBER_SIZE, grey=False)
        for (x, y, width, height), patches in zip(group.windows, pixels, strict=True):
            patches[picture] = np.rint(blurred(card[y : y + height, x : x + width]))
    numbers = {file: number for number, file in enumerate(files)}
    return _Group(
        card_ids=tuple(member.card_id for member in group.members),
        pictures=np.array([numbers[member.file] for member in group.members]),
        anchor=anchor.astype(np.float32),
        windows=tuple(
            _WindowReferences(window=window, pixels=patches)
            for window, patches in zip(group.windows, pixels, strict=True)
        ),
    )


def _decoded(database: CardDatabase, name: str, size: tuple[int, int], *, grey: bool) -> Image:
    image = decode_small(database.reference(name), size, grey=grey)
    if image is None:
        raise DatabaseError(f"{database.path / name} is not a reference image; {REPAIR}")
    return image


def anchor_image(card: Image) -> Image:
    """The grey thumbnail, uint8 [176, 126], by which a rectified card is registered to a group."""
    return np.asarray(
        cv2.resize(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), _ANCHOR_SIZE, interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def blurred(patch: Image) -> Pixels:
    """A patch as references and cards are compared: float32, smoothed to about 4 pixels/mm."""
    return np.asarray(cv2.GaussianBlur(patch.astype(np.float32), (0, 0), BLUR_PX), dtype=np.float32)


def _shift_px(anchor: Pixels, card: Image) -> NDArray[np.float64]:
    """How far the print of `card` lies to the right and down of the anchor's, in pixels of the card."""
    hann = cv2.createHanningWindow(_ANCHOR_SIZE, cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(anchor, anchor_image(card).astype(np.float32), hann)
    shift = np.array([x, y]) * _ANCHOR_SCALE
    return shift if np.abs(shift).max() <= _GREATEST_SHIFT_MM * RECTIFIED_PX_PER_MM else np.zeros(2)


def _patch_in(
    references: _WindowReferences, likely: Sequence[int], card: Image, shift: NDArray[np.float64]
) -> Pixels | None:
    """The part of the card [height, width, 3] that shows the window, to a fraction of a pixel.

    It is searched for around its place with the likely pictures. None where it resembles none of them: hidden, or lost
    in glare or blur.
    """
    x, y, width, height = references.window
    centre = np.array([x + (width - 1) / 2, y + (height - 1) / 2]) + shift
    around = blurred(_patch(card, centre, (width + 2 * _SEARCH_PX, height + 2 * _SEARCH_PX)))
    grey = around.mean(axis=2)
    responses = [
        np.asarray(
            cv2.matchTemplate(grey, references.pixels[picture].mean(axis=2, dtype=np.float32), cv2.TM_CCOEFF_NORMED),
            dtype=np.float32,
        )
        for picture in likely
    ]
    best = max(responses, key=lambda response: float(response.max()))
    if not best.max() >= _READABLE:
        return None
    return _patch(around, _peak(best) + np.array([(width - 1) / 2, (height - 1) / 2]), (width, height))


def _patch(image: PatchT, centre: NDArray[np.float64], size: tuple[int, int]) -> PatchT:
    return cast("PatchT", cv2.getRectSubPix(image, size, (float(centre[0]), float(centre[1]))))


def _peak(response: NDArray[np.float32]) -> NDArray[np.float64]:
    """Place (x, y) of the maximum, refined by a parabola through its neighbours."""
    _, _, _, (x, y) = cv2.minMaxLoc(response)
    return np.array([x + _vertex(response[y], x), y + _vertex(response[:, x], y)])


def _vertex(values: NDArray[np.float32], at: int) -> float:
    if not 0 < at < len(values) - 1:
        return 0.0
    before, peak, after = (float(value) for value in values[at - 1 : at + 2])
    curvature = before - 2 * peak + after
    return 0.5 * (before - after) / curvature if curvature < 0 else 0.0


def _of_all(found: Mapping[int, Verification], groups_of: Mapping[str, Sequence[int]]) -> Verification:
    """What several groups come to: a card that has several images may be in one by each of them.

    A card is preferred where every group that it is in prefers it, but for those of which nothing can be read, as the
    card shows another of its images. Where that is not one card alone, nothing is decided.
    """
    readable = {number: each for number, each in found.items() if each.card_id is not None or each.identical}
    preferred = {number: each.card_id for number, each in readable.items() if each.decided}
    decided = [
        number
        for number, card_id in preferred.items()
        if card_id is not None and all(preferred.get(n) == card_id for n in groups_of[card_id] if n in readable)
    ]
    if len({preferred[number] for number in decided}) == 1:
        return found[decided[0]]
    first = next(iter((readable or found).values()))
    return replace(first, decided=False)


def _decide(group: _Group, windows: Sequence[tuple[Image, Pixels]]) -> Verification:
    """Rank the members by all that differs in the group, then compare the best two only where those two differ."""
    card_ids = group.card_ids
    of_pictures = window_evidence(windows, range(int(group.pictures.max()) + 1))
    found = of_pictures.correlations[group.pictures]
    order = np.argsort(-found, kind="stable")
    evidence: dict[str, float] = {}
    for member in order:
        evidence.setdefault(card_ids[member], float(found[member]))
    best = int(order[0])
    rival = next(int(member) for member in order if card_ids[member] != card_ids[best])
    pair = window_evidence(windows, [int(group.pictures[member]) for member in (best, rival)])
    return Verification(
        card_id=card_ids[best] if windows else None,
        decided=_DECISIVE[0] <= pair.lead <= _DECISIVE[1]
        and pair.significance >= _SIGNIFICANT
        and float(pair.correlations[0]) >= _LEAST_EVIDENCE,
        evidence=evidence if windows else {},
        margin=pair.lead,
    )
