"""A client for the conformance kit: one Echo call on its own stdin and stdout. Its argument says what it does wrong, if anything."""
import os
import struct
import sys
import time

from wire_client import Frame, M

MODE = sys.argv[1] if len(sys.argv) > 1 else "right"


def send(**fields):
    data = Frame(**fields).SerializeToString()
    os.write(1, struct.pack(">I", len(data)) + data)


def read(count):
    data = b""
    while len(data) < count:
        part = os.read(0, count - len(data))
        if not part:
            if MODE == "hangs":
                time.sleep(60)
            sys.exit(1)
        data += part
    return data


def receive():
    return Frame.FromString(read(*struct.unpack(">I", read(4))))


if MODE != "no-hello":
    send(hello=dict(magic="mien", min_major=1, max_major=1, peer_name="stdio-client"))
receive()
send(call=1, open=dict(method="/mien.v1.Diagnostics/Echo", message=M["mien.v1.EchoRequest"](payload=b"hi").SerializeToString(), half_close=True))
while True:
    frame = receive()
    kind = frame.WhichOneof("kind")
    if kind == "message" and MODE != "no-credit":
        for number in (0, 1):
            send(call=number, credit=dict(bytes=len(frame.message.data)))
    if kind is None and MODE == "strict":
        sys.exit(1)
    if kind == "status":
        sys.exit(0 if MODE == "happy" else min(frame.status.code, 1))
