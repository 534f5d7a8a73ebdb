import json

import zmq

socket = zmq.Context.instance().socket(zmq.SUB)
socket.connect("tcp://127.0.0.1:5556")
socket.subscribe("")

expected = None
while True:
    topic, payload = socket.recv_multipart()
    message = json.loads(payload)
    if expected is not None and message["sequence"] > expected:
        print("lost", message["sequence"] - expected, "messages")
    expected = message["sequence"] + 1
    if topic == b"card.confirmed":
        print(message["card"]["name"], message["card_id"], round(message["probability"], 4))
