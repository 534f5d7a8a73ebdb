"""Flat layers (cards, hands, coins) drawn into a frame through the camera, anti-aliased, with contact shadows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.simulator.camera import Camera, Matrix, Points, Pose, Window, local_to_rays, pixel_map, project

# A shadow is softened at a smaller scale where its soft edge allows it.
SMALLEST_SHADOW = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """A flat thing, ready to be drawn.

    Attributes:
        texture: uint8 [rows, columns, 4] BGRA, colours premultiplied with alpha.
        px_per_mm: texture pixels per millimetre (x, y).
        origin_mm: local coordinates of the texture's top-left corner (the outer corner of its first pixel).
        outline_mm: [N, 2] local points around what hides the things below it.
        half_extent_mm: half of its width and height, for tilting.
    """

    texture: Image
    px_per_mm: tuple[float, float]
    origin_mm: tuple[float, float]
    outline_mm: Points
    half_extent_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """A layer as the camera sees it.

    Attributes:
        window: left, top, width, height in the frame.
        image: uint8 [height, width, 4] BGRA, premultiplied.
    """

    window: Window
    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """The soft shadow that a layer throws on what lies below.

    Attributes:
        offset_px: how far it is shifted (x, y).
        softness_px: standard deviation of its edge.
        darkness: 0 (none) to 1 (black).
    """

    offset_px: tuple[float, float]
    softness_px: float
    darkness: float


def layer_matrix(camera: Camera, pose: Pose, layer: Layer) -> Matrix:
    """The homography [3, 3] of a layer's local millimetres to normalised image coordinates."""
    return local_to_rays(camera, pose, layer.half_extent_mm)


def outline_px(camera: Camera, pose: Pose, layer: Layer) -> Points:
    """A layer's outline in frame pixels [N, 2]."""
    return project(camera, layer_matrix(camera, pose, layer), layer.outline_mm)


def warp(camera: Camera, pose: Pose, layer: Layer, supersample: int = 2, pad_px: int = 2) -> Patch | None:
    """See a layer through the camera.

    Args:
        camera: the camera.
        pose: where the layer lies.
        layer: what lies there.
        supersample: samples per pixel and axis, averaged over the pixel's area.
        pad_px: empty pixels kept around it (room for motion blur).

    Returns:
        The patch, or None when it is out of the frame.
    """
    matrix = layer_matrix(camera, pose, layer)
    window = _window(camera, project(camera, matrix, _texture_boundary(layer)), pad_px)
    if window is None:
        return None
    rays_to_texture = _local_to_texture(layer) @ np.linalg.inv(matrix)
    where = pixel_map(camera, rays_to_texture, window, supersample)
    # The stubs of OpenCV know no single map of two channels.
    image = cv2.remap(layer.texture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[call-overload]
    if supersample > 1:
        image = cv2.resize(image, window[2:], interpolation=cv2.INTER_AREA)
    return Patch(window=window, image=np.asarray(image, dtype=np.uint8))


def blend(frame: Image, patch: Patch) -> None:
    """Draw a patch over a frame, in place."""
    region = window_view(frame, patch.window)
    clear = cv2.bitwise_not(cv2.extractChannel(patch.image, 3))
    cv2.multiply(region, cv2.merge([clear, clear, clear]), dst=region, scale=1 / 255)
    cv2.add(region, cv2.cvtColor(patch.image, cv2.COLOR_BGRA2BGR), dst=region)


def cast_shadow(frame: Image, outline: Points, shadow: Shadow) -> Window | None:
    """Darken a frame, in place, where an outline [N, 2] (pixels) throws its shadow; returns what was touched."""
    height, width = frame.shape[:2]
    shifted = outline + np.asarray(shadow.offset_px)
    window = clipped_window(shifted, width, height, round(3 * shadow.softness_px) + 2)
    if window is None or shadow.darkness <= 0:
        return None
    left, top, columns, rows = window
    mask: NDArray[np.uint8] = np.zeros((rows, columns), np.uint8)
    fill(mask, shifted - (left, top))
    scale = int(np.clip(shadow.softness_px // 1.5, 1, SMALLEST_SHADOW))
    coarse = cv2.resize(mask, (-(-columns // scale), -(-rows // scale)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(coarse, (0, 0), max(shadow.softness_px / scale, 0.3))
    small = 255 - np.asarray(soft * shadow.darkness, dtype=np.uint8)
    gain = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)
    region = window_view(frame, window)
    cv2.multiply(region, cv2.merge([gain, gain, gain]), dst=region, scale=1 / 255)
    return window


def fill(mask: NDArray[np.uint8], outline: Points) -> None:
    """Fill an outline [N, 2] (pixels) in a mask with 255, in place, with sub-pixel vertices."""
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, shift=4)


def window_view(frame: Image, window: Window) -> Image:
    """The part of a frame that a window names, as a view."""
    left, top, width, height = window
    return frame[top : top + height, left : left + width]


def clipped_window(points: Points, width: int, height: int, pad_px: int) -> Window | None:
    """The window around points [N, 2], padded and cut to the frame; None when nothing of it is in the frame."""
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - pad_px, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + pad_px + 1, (width, height))
    if np.any(high <= low):
        return None
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def _window(camera: Camera, boundary: Points, pad_px: int) -> Window | None:
    return clipped_window(boundary, camera.width, camera.height, pad_px)


def _texture_boundary(layer: Layer) -> Points:
    """Local points around the texture, close enough together for the lens to bend the sides."""
    rows, columns = layer.texture.shape[:2]
    steps = np.linspace(0, 1, 9)
    flat = np.zeros_like(steps)
    ring = np.concatenate(
        [
            np.column_stack([steps, flat]),
            np.column_stack([flat + 1, steps]),
            np.column_stack([steps, flat + 1]),
            np.column_stack([flat, steps]),
        ]
    )
    size_mm = np.array([columns / layer.px_per_mm[0], rows / layer.px_per_mm[1]])
    return np.asarray(ring * size_mm + np.asarray(layer.origin_mm), dtype=np.float64)


def _local_to_texture(layer: Layer) -> Matrix:
    (scale_x, scale_y), (left, top) = layer.px_per_mm, layer.origin_mm
    return np.array([[scale_x, 0, -left * scale_x - 0.5], [0, scale_y, -top * scale_y - 0.5], [0, 0, 1.0]])
