"""What light fall-off, blur, the image sensor and compression do to a finished picture."""

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.simulator.compositing import fill

NOISE_TILE_PX = 2048
GAIN_SCALE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """How the bench is lit and exposed.

    Attributes:
        exposure: gain at the brightest place; above 1 burns out.
        white_balance: gains of blue, green and red.
        gradient: loss of light across the frame towards (x, y), as a fraction per frame.
        vignetting: loss at the corners, as a fraction.
        shadow: polygon of a shadow in fractions of the frame's width and height (empty: none).
        shadow_darkness: 0 to 1.
        shadow_softness: standard deviation of the shadow's edge as a fraction of the frame's width.
        direction: towards which contact shadows fall (x, y), length 0 to 1.
    """

    exposure: float = 1.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gradient: tuple[float, float] = (0.0, 0.0)
    vignetting: float = 0.0
    shadow: tuple[tuple[float, float], ...] = ()
    shadow_darkness: float = 0.0
    shadow_softness: float = 0.03
    direction: tuple[float, float] = (0.3, 0.5)


EVEN_LIGHT = Light()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """How the picture is taken.

    Attributes:
        defocus_px: standard deviation of the blur of lens and focus.
        motion_px: length of the path of the whole picture during the exposure (x, y).
        read_noise: standard deviation of the noise in the dark, grey levels.
        shot_noise: variance of the noise per grey level of light.
        sharpening: how much the camera sharpens what it took, 0 to 1.
        jpeg_quality: 1 to 100; None: not compressed.
        seed: of the noise.
    """

    defocus_px: float = 0.0
    motion_px: tuple[float, float] = (0.0, 0.0)
    read_noise: float = 0.0
    shot_noise: float = 0.0
    sharpening: float = 0.0
    jpeg_quality: int | None = None
    seed: int = 0


IDEAL_SENSOR = Sensor()


def light_gain(light: Light, width: int, height: int) -> NDArray[np.float32]:
    """The factor [height, width, 3] by which light and exposure scale each pixel."""
    small = max(2, width // GAIN_SCALE), max(2, height // GAIN_SCALE)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, small[0]), np.linspace(-0.5, 0.5, small[1]))
    gain = 1 - (light.gradient[0] * x + light.gradient[1] * y) - np.hypot(*light.gradient) / 2
    gain *= (1 - light.vignetting * 2 * (x**2 + y**2)) * light.exposure
    if light.shadow:
        mask = np.zeros((small[1], small[0]), np.uint8)
        fill(mask, np.asarray(light.shadow) * small)
        soft = cv2.GaussianBlur(mask, (0, 0), max(light.shadow_softness * small[0], 0.5))
        gain *= 1 - light.shadow_darkness * soft / 255.0
    coloured = (gain[..., None] * np.asarray(light.white_balance)).astype(np.float32)
    return np.asarray(cv2.resize(coloured, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def expose(image: Image, light: Light) -> Image:
    """Apply light and exposure to a picture drawn under even light."""
    gain = light_gain(light, image.shape[1], image.shape[0])
    return np.asarray(cv2.multiply(image, gain, dtype=cv2.CV_8U), dtype=np.uint8)


def take_picture(image: Image, sensor: Sensor) -> Image:
    """Blur, noise, sharpening and compression."""
    if sensor.defocus_px > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sensor.defocus_px), dtype=np.uint8)
    image = motion_blurred(image, sensor.motion_px)
    if sensor.read_noise > 0 or sensor.shot_noise > 0:
        image = _noisy(image, sensor)
    if sensor.sharpening > 0:
        soft = cv2.GaussianBlur(image, (0, 0), 1.2)
        sharp = cv2.addWeighted(image, 1 + sensor.sharpening, soft, -sensor.sharpening, 0)
        image = np.asarray(sharp, dtype=np.uint8)
    if sensor.jpeg_quality is not None:
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg_quality])
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
    return image


def motion_blurred(image: Image, path_px: tuple[float, float]) -> Image:
    """Average a picture (any channels) along a straight path centred on each pixel."""
    length = float(np.hypot(*path_px))
    if length < 0.5:
        return image
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    ends = np.array([[half, half]]) + np.array([[-0.5], [0.5]]) * np.asarray(path_px)
    cv2.polylines(kernel, [np.round(ends * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)  # noqa: FBT003
    symmetric = kernel.astype(np.float32) + kernel[::-1, ::-1].astype(np.float32)
    blurred = cv2.filter2D(image, -1, symmetric / symmetric.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.uint8)


@functools.lru_cache(maxsize=1)
def noise_tile() -> NDArray[np.float32]:
    """Unit-variance noise [NOISE_TILE_PX, NOISE_TILE_PX, 3], mostly grey and a little smooth, as after demosaicing."""
    rng = np.random.default_rng(20240607)
    grey = rng.standard_normal((NOISE_TILE_PX, NOISE_TILE_PX, 1), dtype=np.float32)
    colour = rng.standard_normal((NOISE_TILE_PX, NOISE_TILE_PX, 3), dtype=np.float32)
    tile = cv2.GaussianBlur(0.8 * grey + 0.6 * colour, (0, 0), 0.55)
    return np.asarray(tile / tile.std(), dtype=np.float32)


def noise_field(height: int, width: int) -> NDArray[np.float32]:
    """Unit-variance noise [>= height, >= width, 3] to cut windows from, at least `NOISE_TILE_PX` on each side."""
    tile = noise_tile()
    repeats = -(-height // NOISE_TILE_PX), -(-width // NOISE_TILE_PX)
    return np.tile(tile, (*repeats, 1)) if max(repeats) > 1 else tile


def _noisy(image: Image, sensor: Sensor) -> Image:
    levels = np.arange(256, dtype=np.float32)
    sigma = cv2.LUT(image, np.sqrt(sensor.read_noise**2 + sensor.shot_noise * levels))
    height, width = image.shape[:2]
    field = noise_field(height, width)
    rng = np.random.default_rng(sensor.seed)
    top = int(rng.integers(0, field.shape[0] - height + 1))
    left = int(rng.integers(0, field.shape[1] - width + 1))
    noise = cv2.multiply(sigma, field[top : top + height, left : left + width])
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), dtype=np.uint8)
