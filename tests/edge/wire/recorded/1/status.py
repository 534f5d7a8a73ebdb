import json

import zmq

socket = zmq.Context.instance().socket(zmq.REQ)
socket.connect("tcp://127.0.0.1:5557")
socket.send(json.dumps({"command": "status"}).encode())
reply = json.loads(socket.recv())
print(reply["health"]["fps"] if reply["ok"] else reply["error"])
