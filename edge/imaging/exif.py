"""What a photo's EXIF data say of how it was taken."""

import logging
from pathlib import Path
from typing import SupportsFloat

import PIL.ExifTags

from edge.errors import ImageError
from edge.imaging.decoding import opened

_log = logging.getLogger(__name__)


def camera_of(photo: Path) -> tuple[str | None, str | None]:
    """Camera and focal length that a photo's EXIF data name, each None where they do not."""
    try:
        with opened(photo) as file:
            exif = file.getexif()
            named = (exif.get(PIL.ExifTags.Base.Make), exif.get(PIL.ExifTags.Base.Model))
            focal = exif.get_ifd(PIL.ExifTags.IFD.Exif).get(PIL.ExifTags.Base.FocalLength)
    except ImageError as cause:
        _log.warning("the camera and its focal length are not known: %s", cause)
        return None, None
    camera = " ".join(str(part).strip("\0 ") for part in named if part)
    return camera or None, f"{float(focal):.2f} mm" if isinstance(focal, SupportsFloat) and focal else None
