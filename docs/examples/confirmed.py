"""Prints each card that is confirmed, and what lies in view whenever that is known anew.

python docs/examples/confirmed.py [ENDPOINT CONTROL]
"""

import sys

from edge.client import CardMessage, Client, Received, Recovered, Restarted, Silent, Topic

endpoint, control = sys.argv[1:3] or ("tcp://127.0.0.1:5556", "tcp://127.0.0.1:5557")

with Client(endpoint, control=control, topics=["card.confirmed"]) as client:
    for event in client:
        match event:
            case Received(message=CardMessage(topic=Topic.CONFIRMED, card=card)) if card is not None:
                print("confirmed:", event.message.card_id, card.name, flush=True)
            case Recovered(tracks=tracks):
                print("in view:", *(track.card_id or "?" for track in tracks), flush=True)
            case Restarted():
                print("the scanner was started again", flush=True)
            case Silent(silent_s=silent_s):
                print(f"nothing for {silent_s:.0f} s", flush=True)
