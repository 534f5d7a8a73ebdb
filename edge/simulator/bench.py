"""The live bench: an endless, seeded sequence of frames with their truth, fast enough for a camera's pace.

What lies still is drawn once and kept; a frame costs one copy with noise, and what moves in it.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.geometry import Image
from edge.simulator.camera import Camera, Points, Pose, Window, local_to_rays, project
from edge.simulator.compositing import (
    Layer,
    Patch,
    blend,
    cast_shadow,
    outline_px,
    window_view,
)
from edge.simulator.items import Item, PlacedCard, PlacedHand, item_layer, item_patch, item_shadow
from edge.simulator.script import EPISODE_S, Actor, Scenario, episode
from edge.simulator.sensor import Light, expose, light_gain, noise_field
from edge.simulator.sets import demo_cards, unknown_cards
from edge.simulator.surfaces import Surface, SurfaceKind, draw_surface
from edge.simulator.truth import SceneTruth, scene_truth

FIELD_MM = 292.0
NOISE_LEVELS = 1.8
EXPOSURE_S = 0.004
LOOK_AHEAD_S = 1.5
UNKNOWN_CARDS = 40
SURFACES: tuple[SurfaceKind, ...] = ("wood", "cloth", "felt", "desk", "cardboard")
LIGHT = Light(exposure=0.95, gradient=(0.12, 0.08), vignetting=0.12, direction=(0.3, 0.6))

_Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Settled:
    """What lies still: which actors (episode, number, segment), what they cover, and the picture without noise."""

    windows: dict[_Key, Window]
    image: Image


class Bench:
    """A bench under a fixed camera.

    Frames may be asked for in any order; the same seed, size, frame rate and scenario always give the same frame.
    """

    def __init__(
        self,
        seed: int = 0,
        size: tuple[int, int] = (1280, 1280),
        fps: float = 30.0,
        scenario: Scenario = Scenario.DEMO,
    ) -> None:
        """Prepare the bench, the light and the noise.

        Args:
            seed: of everything random.
            size: width and height of a frame, pixels.
            fps: frames per second.
            scenario: what happens on the bench.
        """
        self._seed, self._fps, self._scenario = seed, fps, scenario
        self._cards, self._unknown = demo_cards(), unknown_cards(UNKNOWN_CARDS)
        self._camera = bench_camera(size)
        self._gain = light_gain(LIGHT, *size)
        surface = Surface(kind=SURFACES[seed % len(SURFACES)], seed=seed)
        self._empty = expose(draw_surface(surface, *size, self._camera.px_per_mm), LIGHT)
        noise = noise_field(size[1] + 64, size[0] + 64) * np.float32(NOISE_LEVELS)
        self._brighter = np.round(noise.clip(0, 255)).astype(np.uint8)
        self._darker = np.round((-noise).clip(0, 255)).astype(np.uint8)
        self._episode: tuple[int, tuple[Actor, ...]] = (-1, ())
        self._layers: dict[tuple[int, int], Layer] = {}
        self._settled = _Settled(windows={}, image=self._empty.copy())

    def frame(self, number: int) -> tuple[Image, SceneTruth]:
        """Frame `number` (from 0): uint8 [height, width, 3] BGR and its truth."""
        image = np.empty_like(self._empty)
        self.draw(number, image)
        return image, self.truth(number)

    def draw(self, number: int, out: Image) -> None:
        """Draw a frame into uint8 [height, width, 3] BGR."""
        play, time_s = self._moment(number)
        self._settle(play, time_s)
        moving = [i for i, actor in enumerate(self._actors(play)) if _moves(actor, time_s)]
        if not moving:
            self._add_noise(number, self._settled.image, out)
            self._prepare(play, time_s)
            return
        np.copyto(out, self._settled.image)
        for index in moving:
            self._draw_moving(out, play, index, time_s)
        self._add_noise(number, out, out)

    def truth(self, number: int) -> SceneTruth:
        """The truth about a frame: its cards, those at rest first."""
        play, time_s = self._moment(number)
        present = [(i, a) for i, a in enumerate(self._actors(play)) if a.segment(time_s) is not None]
        present.sort(key=lambda entry: not entry[1].at_rest(time_s))
        cards: list[PlacedCard] = []
        covers: list[Points] = []
        for index, actor in present:
            item = self._item(actor, time_s)
            if isinstance(item, PlacedCard):
                cards.append(item)
            elif isinstance(item, PlacedHand) and not actor.shadow_only:
                covers.append(outline_px(self._camera, item.pose, self._layer(play, index)))
        return scene_truth(self._camera, tuple(cards), covers)

    def _moment(self, number: int) -> tuple[int, float]:
        time_s, length_s = number / self._fps, EPISODE_S[self._scenario]
        if math.isinf(length_s):
            return 0, time_s
        play = int(time_s // length_s)
        return play, time_s - play * length_s

    def _actors(self, play: int) -> tuple[Actor, ...]:
        if self._episode[0] != play:
            actors = episode(self._scenario, self._seed, play, self._cards, self._unknown)
            self._episode = (play, actors)
            self._layers = {key: layer for key, layer in self._layers.items() if key[0] == play}
        return self._episode[1]

    def _layer(self, play: int, index: int) -> Layer:
        """An actor's texture, made when it is first needed."""
        if (play, index) not in self._layers:
            actor = self._actors(play)[index]
            middle = replace(actor.item, pose=Pose())
            layer = item_layer(self._camera, middle)
            self._layers[play, index] = _as_shadow(layer) if actor.shadow_only else layer
        return self._layers[play, index]

    def _prepare(self, play: int, time_s: float) -> None:
        """Make one texture that will soon be needed while nothing moves."""
        for index, actor in enumerate(self._actors(play)):
            soon = 0 < actor.keys[0].time_s - time_s < LOOK_AHEAD_S
            if soon and (play, index) not in self._layers:
                self._layer(play, index)
                return

    def _settle(self, play: int, time_s: float) -> None:
        """Bring the kept picture up to date: restore the bench where things left, draw what has come to rest."""
        actors = self._actors(play)
        resting = {
            (play, index, segment): index
            for index, actor in enumerate(actors)
            if (segment := actor.segment(time_s)) is not None and _settles(actor, time_s)
        }
        windows, image = self._settled.windows, self._settled.image
        for key in [key for key in windows if key not in resting]:
            window = windows.pop(key)
            window_view(image, window)[:] = window_view(self._empty, window)
        for key, index in resting.items():
            if key not in windows:
                item, layer = self._item(actors[index], time_s), self._layer(play, index)
                if drawn := self._place(image, item, layer, supersample=2):
                    windows[key] = drawn

    def _item(self, actor: Actor, time_s: float) -> Item:
        item = replace(actor.item, pose=actor.pose(time_s))
        if isinstance(item, PlacedCard) and not actor.at_rest(time_s):
            return replace(item, motion_px=self._path_px(actor, time_s))
        return item

    def _path_px(self, actor: Actor, time_s: float) -> tuple[float, float]:
        """How far an actor moves in the picture during the exposure."""
        ends = [actor.pose(time_s + side * EXPOSURE_S / 2) for side in (-1, 1)]
        origin = np.zeros((1, 2))
        first, last = (project(self._camera, local_to_rays(self._camera, pose, (0, 0)), origin)[0] for pose in ends)
        return float(last[0] - first[0]), float(last[1] - first[1])

    def _draw_moving(self, frame: Image, play: int, index: int, time_s: float) -> None:
        actor, layer = self._actors(play)[index], self._layer(play, index)
        item = self._item(actor, time_s)
        if actor.shadow_only:
            patch = item_patch(self._camera, item, layer, 1)
            if patch is not None:
                blend(frame, patch)
            return
        self._place(frame, item, layer, supersample=1)

    def _place(self, frame: Image, item: Item, layer: Layer, supersample: int) -> Window | None:
        """Draw a thing and its shadow under the bench's light, in place; returns what was touched."""
        outline = outline_px(self._camera, item.pose, layer)
        shaded = cast_shadow(frame, outline, item_shadow(self._camera, item, LIGHT))
        patch = item_patch(self._camera, item, layer, supersample)
        if patch is None:
            return shaded
        blend(frame, self._lit(patch))
        return _around(shaded, patch.window) if shaded else patch.window

    def _lit(self, patch: Patch) -> Patch:
        colour = cv2.cvtColor(patch.image, cv2.COLOR_BGRA2BGR)
        left, top, width, height = patch.window
        cv2.multiply(colour, self._gain[top : top + height, left : left + width], dst=colour, dtype=cv2.CV_8U)
        image = cv2.merge([*cv2.split(colour), cv2.extractChannel(patch.image, 3)])
        return Patch(window=patch.window, image=np.asarray(image, dtype=np.uint8))

    def _add_noise(self, number: int, image: Image, out: Image) -> None:
        height, width = image.shape[:2]
        rng = np.random.default_rng((self._seed, number))
        top = int(rng.integers(self._brighter.shape[0] - height + 1))
        left = int(rng.integers(self._brighter.shape[1] - width + 1))
        window = left, top, width, height
        cv2.add(image, window_view(self._brighter, window), dst=out)
        cv2.subtract(out, window_view(self._darker, window), dst=out)


def bench_camera(size: tuple[int, int]) -> Camera:
    """The bench's camera: nearly straight above, with a little barrel distortion."""
    focal = 1.1 * min(size)
    return Camera(
        width=size[0],
        height=size[1],
        focal_px=focal,
        centre_px=(size[0] / 2 - 0.5, size[1] / 2 - 0.5),
        distance_mm=focal * FIELD_MM / min(size),
        tilt_deg=3.0,
        azimuth_deg=20.0,
        k1=-0.04,
    )


def _settles(actor: Actor, time_s: float) -> bool:
    return actor.at_rest(time_s) and not isinstance(actor.item, PlacedHand)


def _moves(actor: Actor, time_s: float) -> bool:
    return actor.segment(time_s) is not None and not _settles(actor, time_s)


def _as_shadow(layer: Layer) -> Layer:
    """Only the soft shadow of a layer: black where it is, half transparent."""
    alpha = cv2.extractChannel(layer.texture, 3)
    soft = cv2.GaussianBlur(alpha, (0, 0), 8 * layer.px_per_mm[0])
    texture = np.zeros_like(layer.texture)
    texture[..., 3] = soft * 0.45
    return replace(layer, texture=texture)


def _around(first: Window, second: Window) -> Window:
    """The smallest window that holds both."""
    left, top = min(first[0], second[0]), min(first[1], second[1])
    right = max(first[0] + first[2], second[0] + second[2])
    bottom = max(first[1] + first[3], second[1] + second[3])
    return left, top, right - left, bottom - top
