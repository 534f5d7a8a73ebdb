"""What this project's own network puts out on the IMX500: maps of card outlines, and where they are in a frame."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.frame import OutlineMaps
from edge.sources.imx500_outputs import Rectangle

# The name that the network's intrinsics give to this output.
POSTPROCESS = "card-outlines"


def outline_maps(
    outputs: Sequence[NDArray[np.float32]], roi: Rectangle, crop: Rectangle, size: tuple[int, int]
) -> OutlineMaps:
    """The maps of one frame.

    The converter is free to put channels first or last and outputs in either order; the logits have one channel, and
    the maps of distances several.

    Args:
        outputs: as `IMX500.get_outputs(metadata, add_batch=True)` returns them.
        roi: what the network sees, in pixels of the full sensor.
        crop: what the frame shows, in pixels of the full sensor (the metadata's `ScalerCrop`).
        size: width and height of the frame.

    Raises:
        SourceError: if they are not those of such a network, or are not finite.
    """
    shapes = [output.shape for output in outputs]
    maps = sorted((_channels_first(output[0]) for output in outputs if output.ndim == 4), key=len)
    if len(maps) != 2 or len(maps[0]) != 1 or maps[0].shape[1:] != maps[1].shape[1:]:
        raise SourceError(f"the sensor's network gives tensors of shape {shapes}, not maps of card outlines; {_REMEDY}")
    if not all(np.isfinite(each).all() for each in maps):
        raise SourceError(f"the sensor's network gave outlines that are not finite; {_REMEDY}")
    return OutlineMaps(logits=maps[0][0], log_distances=maps[1], region=region_in_frame(roi, crop, size))


def region_in_frame(roi: Rectangle, crop: Rectangle, size: tuple[int, int]) -> Rectangle:
    """What the network sees in pixels of the frame, from the edge of its first pixel.

    Args:
        roi: what the network sees, in pixels of the full sensor.
        crop: what the frame shows, in pixels of the full sensor.
        size: width and height of the frame.
    """
    across, down = size[0] / crop[2], size[1] / crop[3]
    return (roi[0] - crop[0]) * across, (roi[1] - crop[1]) * down, roi[2] * across, roi[3] * down


def _channels_first(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map [C, h, w] of one given so or as [h, w, C]; it has fewer channels than rows and columns."""
    return values if int(np.argmin(values.shape)) == 0 else np.moveaxis(values, 2, 0)


_REMEDY = "is imx500.network the file that the installer made?"
