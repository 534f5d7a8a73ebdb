"""Photos as a source of frames: each is shown for a moment, as if it lay under the camera."""

import logging
import time
from pathlib import Path

from edge.errors import ImageError, SourceError
from edge.frame import Frame
from edge.geometry import Image
from edge.imaging.photos import list_photos, read_photo

FRAMES_PER_PHOTO = 10
# In a photo no time goes by, however slowly its frames are taken.
_STILL_NS = 0

_log = logging.getLogger(__name__)


class ImagesSource:
    """One photo, or the photos of a folder in natural order.

    Each photo is delivered as `FRAMES_PER_PHOTO` frames: a card is confirmed by several frames that agree. A photo of
    a folder that cannot be read is named in the log, and its frames are missing from the count, as dropped ones are. A
    photo that a pause interrupts is shown once more from its first frame.
    """

    live = False
    stills = True
    gives_boxes = False

    def __init__(self, path: Path, *, loop: bool = False) -> None:
        """Find the photos; a single one is read at once.

        Args:
            path: a photo, or a folder of photos.
            loop: start again after the last one.

        Raises:
            SourceError: if there is nothing at `path`, or no photo in the folder.
            ImageError: if the only photo cannot be read.
        """
        self.name = f"images:{path}"
        self.unreadable = 0
        self._path = path
        self._photos = list_photos(path)
        self._loop = loop
        self._image: Image | None = read_photo(self._photos[0]) if len(self._photos) == 1 else None
        self._image_of = 0
        self._frame_id = 0
        self._photo = 0
        self._frames_of_photo = 0
        self._unreadable_in_a_row = 0
        self._closed = False

    @property
    def _stretch(self) -> int:
        """Each photo is a scene of its own; a single one stays the same however often it is shown."""
        return self._photo if len(self._photos) > 1 else 0

    def read(self) -> Frame | None:
        """The next frame; None after the last photo, or once the source is closed.

        Raises:
            SourceError: if not one of the photos can be read, from the start or any more.
        """
        while not self._closed and (self._loop or self._photo < len(self._photos)):
            image = self._current()
            if image is not None:
                return self._frame(image)
            self._frame_id += FRAMES_PER_PHOTO
            self._photo += 1
        return None

    def repeat(self) -> None:
        """Begin anew with the photo of which some frames were read and some were not: it is not decided yet."""
        self._frames_of_photo = 0

    def close(self) -> None:
        """Deliver nothing more."""
        self._closed = True

    def _frame(self, image: Image) -> Frame:
        frame = Frame(
            frame_id=self._frame_id,
            timestamp_ns=time.monotonic_ns(),
            image=image,
            stretch=self._stretch,
            media_ns=_STILL_NS,
        )
        self._frame_id += 1
        self._frames_of_photo += 1
        if self._frames_of_photo == FRAMES_PER_PHOTO:
            self._photo, self._frames_of_photo = self._photo + 1, 0
        return frame

    def _current(self) -> Image | None:
        """The photo of the present frame; None where it cannot be read."""
        number = self._photo % len(self._photos)
        if self._image is None or number != self._image_of:
            self._image, self._image_of = self._read(self._photos[number]), number
        return self._image

    def _read(self, photo: Path) -> Image | None:
        try:
            image = read_photo(photo)
        except ImageError as cause:
            self.unreadable += 1
            self._unreadable_in_a_row += 1
            _log.warning("left out (%d so far): %s", self.unreadable, cause)
        else:
            self._unreadable_in_a_row = 0
            return image
        if self._unreadable_in_a_row == len(self._photos):
            raise SourceError(
                f"none of the {len(self._photos)} photos in {self._path} can be read (any more); the log names each"
            )
        return None
