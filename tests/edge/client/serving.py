"""A scanner's own sockets without its pipeline, served by threads as the daemon serves them."""

import threading

import zmq

from edge.settings.sections import PublishSettings
from edge.wire.commands import StateReply
from edge.wire.control import ControlSocket
from edge.wire.publisher import Publisher
from edge.wire.session import Session
from tests.wire_messages import FRAME, health_message


class Scanner:
    """Publishes what it is told to, numbers it, and answers `state`."""

    def __init__(self, endpoint="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*"):
        self._context = zmq.Context()
        self.session = Session("bench")
        self._publisher = Publisher(self._context, PublishSettings(endpoint=endpoint))
        self._control = ControlSocket(self._context, control, {"state": self._state})
        self.endpoint, self.control = (
            f"tcp://127.0.0.1:{socket.peers.port}" for socket in (self._publisher, self._control)
        )
        self.states = 0
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._serve, self._answer)]
        for thread in self._threads:
            thread.start()
        self.health()

    def publish(self, message, *, lost=False):
        with self._lock:
            envelope = dict(self.session.envelope(message.topic, FRAME))
            if not lost:
                self._publisher.send(message.model_copy(update=envelope))

    def health(self):
        self.publish(health_message(sequences=self.session.sequences()))

    def close(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._publisher.close()
        self._control.close()
        self._context.destroy(linger=0)

    def _state(self, _request):
        self.states += 1
        state = self._publisher.retained.state()
        own = {"device": self.session.device, "session": self.session.session}
        return StateReply(**own, sequences=state.sequences, tracks=state.tracks, health=state.health)

    def _serve(self):
        while not self._stop.wait(0.01):
            with self._lock:
                self._publisher.welcome()

    def _answer(self):
        while not self._stop.is_set():
            self._control.step()
