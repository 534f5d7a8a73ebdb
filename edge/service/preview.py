"""Sends pictures to whoever looks on: none is made while nobody does, and each is made once for all."""

import logging
import time
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import zmq

from edge.frame import Frame
from edge.geometry import Image
from edge.health import Clock
from edge.pipeline.selection import laplacian_variance, small_grey_card
from edge.pipeline.tracking import Track
from edge.wire.access import Access
from edge.wire.commands import NothingMore, PreviewReply
from edge.wire.peers import Allowance, Peers
from edge.wire.preview import PREVIEW, Exposure, PreviewCard, PreviewMessage, encode_preview

# chosen: what a page on a phone shows; an outline is then a pixel of the screen wide.
_LONGEST_SIDE = 960
# chosen: a hand's motion looks smooth enough, and a Raspberry Pi spends 2 % of a core on it.
_INTERVAL_NS = 100_000_000
_QUALITY = 80
_POLL_MS = 100
# A subscriber that is slow misses pictures: one is on its way, one waits.
_WAITING = 2
_SUBSCRIBERS = Allowance(connections=16, connection_bytes=65_536, part_bytes=1024, waiting=16)

Seen = tuple[Frame, Sequence[Track]]
"""A frame, and the tracks of that very frame."""

_log = logging.getLogger(__name__)


class Preview:
    """A ZeroMQ XPUB socket for pictures. It may be made in one thread and used in another.

    Attributes:
        made: how many pictures were made.
        endpoint: where it is bound.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        endpoint: str,
        session: str,
        newest: Callable[[], Seen | None],
        access: Access | None = None,
        *,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        """Bind the socket.

        Args:
            context: of the socket.
            endpoint: to bind it to.
            session: this run of the scanner.
            newest: what was seen last.
            access: who may connect from other machines; None lets only programs on this one.
            clock: for the rate of pictures.

        Raises:
            PublishError: if the endpoint is invalid or in use.
        """
        self.made = 0
        self._session = session
        self._newest = newest
        self._clock = clock
        self._wanted: set[bytes] = set()
        self._sent: Frame | None = None
        self._due_ns = clock()
        self._socket = context.socket(zmq.XPUB)
        # Whoever comes second is told of, too: what stands still, such as a photo, is sent again.
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.setsockopt(zmq.SNDHWM, _WAITING)
        self.peers = Peers(context, self._socket, endpoint, "publish.preview", _SUBSCRIBERS, access)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def step(self) -> bool:
        """Send the newest picture, if somebody looks on, it is new, and it is time for one."""
        rest_ms = (self._due_ns - self._clock()) // 1_000_000
        if self._socket.poll(min(_POLL_MS, max(1, rest_ms)) if self._wanted else _POLL_MS):
            self._take_in()
        seen = self._newest() if self._wanted else None
        if seen is not None and seen[0] is not self._sent and self._clock() >= self._due_ns:
            self._due_ns = self._clock() + _INTERVAL_NS
            self._send(seen)
        if not self._wanted:
            self._sent = None
        return True

    def where(self, _request: NothingMore) -> PreviewReply:
        """Where pictures are sent."""
        return PreviewReply(endpoint=self.endpoint)

    def close(self) -> None:
        """Close the socket."""
        self.peers.close()
        self._socket.close(linger=0)

    def _take_in(self) -> None:
        while self._socket.poll(0):
            change = self._socket.recv()
            topic = change[1:]
            if change[:1] == b"\x01" and PREVIEW.startswith(topic):
                self._wanted.add(topic)
                self._sent = None
            elif change[:1] == b"\x00":
                self._wanted.discard(topic)

    def _send(self, seen: Seen) -> None:
        self._sent = seen[0]
        self.made += 1
        try:
            self._socket.send_multipart(picture(*seen, self._session), zmq.NOBLOCK)
        except zmq.ZMQError as cause:
            _log.warning("a picture was not sent: %s", cause.strerror)


def picture(frame: Frame, tracks: Sequence[Track], session: str) -> list[bytes]:
    """The message that shows a frame, with the cards that are seen in it."""
    height, width = frame.image.shape[:2]
    small = _fitted(frame.image)
    message = PreviewMessage(
        session=session,
        frame_id=frame.frame_id,
        frame_timestamp_ns=frame.timestamp_ns,
        frame_width=width,
        frame_height=height,
        width=small.shape[1],
        height=small.shape[0],
        cards=[_card(frame.image, track) for track in tracks if track.visible],
        exposure=exposure(small),
    )
    return encode_preview(message, cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())


def exposure(image: Image) -> Exposure:
    """How light or dark a BGR picture is."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel() / grey.size
    mean = float(counts @ np.arange(256))
    return Exposure(mean=min(mean, 255.0), black=float(counts[0]), white=min(1.0, float(counts[255])))


def _fitted(image: Image) -> Image:
    """The picture itself where it is small enough, else a smaller copy."""
    scale = _LONGEST_SIDE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _card(image: Image, track: Track) -> PreviewCard:
    return PreviewCard(
        track_id=track.track_id,
        corners=[(float(x), float(y)) for x, y in track.quad],
        sharpness=laplacian_variance(small_grey_card(image, track.quad)),
    )
