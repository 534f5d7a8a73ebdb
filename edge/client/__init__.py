"""For programs that follow a scanner or give it commands: `Client` and `Control`, and both for asyncio.

with Client("tcp://127.0.0.1:5556", control="tcp://127.0.0.1:5557") as client:
    for event in client:
        match event:
            case Received(message=CardMessage(topic=Topic.CONFIRMED) as card):
                print(card.card_id)
"""

from edge.client.client import AsyncClient, Client
from edge.client.control import AsyncControl, Control
from edge.client.events import Event, Received, Recovered, Restarted, Silent
from edge.wire.envelope import Topic
from edge.wire.keys import ClientKey, read_client_key
from edge.wire.messages import CardMessage, HealthMessage

__all__ = [
    "AsyncClient",
    "AsyncControl",
    "CardMessage",
    "Client",
    "ClientKey",
    "Control",
    "Event",
    "HealthMessage",
    "Received",
    "Recovered",
    "Restarted",
    "Silent",
    "Topic",
    "read_client_key",
]
