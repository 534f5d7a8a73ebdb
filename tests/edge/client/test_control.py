import asyncio
import threading

import pytest
import zmq

from edge.client import AsyncControl, Control
from edge.errors import ConfigurationError, DatabaseError, ErrorCode, NoAnswerError, ProtocolError, RefusedError
from edge.wire.commands import PauseReply, ReloadReply, SnapshotReply, StateReply, StatusReply
from edge.wire.control import respond
from tests.wire_messages import card_message

WHO = {"device": "bench", "session": "a"}


def reload(request):
    if request.settings:
        raise DatabaseError("the database is damaged; copy it again")
    return ReloadReply(model_id="m", database="d", database_cards=3)


COMMANDS = {
    "status": lambda _: StatusReply(**WHO, paused=False, settings={}, health=None),
    "state": lambda _: StateReply(**WHO, sequences={}, tracks=[card_message()], health=None),
    "pause": lambda _: PauseReply(paused=True),
    "resume": lambda _: PauseReply(paused=False),
    "reload": reload,
    "snapshot": lambda request: SnapshotReply(frame_id=1, timestamp_ns=2, path=str(request.path or "")),
}


@pytest.fixture
def endpoint():
    """Where a thread answers requests; to `resume` with something that is no reply."""
    stop = threading.Event()
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        port = socket.bind_to_random_port("tcp://127.0.0.1")

        def answer():
            while not stop.is_set():
                if socket.poll(50):
                    asked = socket.recv()
                    socket.send(b"hello" if b"resume" in asked else respond(asked, COMMANDS))

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"tcp://127.0.0.1:{port}"
        stop.set()
        thread.join()


def test_commands_and_their_replies(endpoint):
    with Control(endpoint) as control:
        assert control.status().device == "bench"
        assert control.state().tracks == [card_message()]
        assert control.pause().paused
        assert control.reload().database_cards == 3
        assert control.snapshot().path == ""
        assert control.snapshot("a.png").path == "a.png"


def test_what_goes_wrong_is_said(endpoint):
    with Control(endpoint) as control:
        with pytest.raises(RefusedError, match="the database is damaged") as refused:
            control.reload({"selection": {"sharpness": 3}})
        assert refused.value.code is ErrorCode.DATABASE
        with pytest.raises(ProtocolError, match="no JSON object"):
            control.resume()
        with pytest.raises(ConfigurationError, match="snapshot: format"):
            control.snapshot(form="bmp")
        assert control.status().device == "bench"


def test_nobody_answers():
    with Control("tcp://127.0.0.1:9", answer_limit_s=0.1) as control:
        for _ in range(2):
            with pytest.raises(NoAnswerError, match=r"nothing answered on tcp://127.0.0.1:9 within 0.1 s"):
                control.status()


def test_the_same_for_asyncio(endpoint):
    async def ask():
        async with AsyncControl(endpoint) as control:
            return await control.status(), await control.state(), await control.pause(), await control.reload()

    status, state, pause, reload = asyncio.run(ask())
    assert (status.device, len(state.tracks), pause.paused, reload.model_id) == ("bench", 1, True, "m")
