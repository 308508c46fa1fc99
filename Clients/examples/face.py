#!/usr/bin/env python3
"""Emotions of the faces in pictures, from a `mien serve` of our own. Needs nothing but the package protobuf (4.22 or later).

    python3 face.py PICTURE...

Exit codes: 0 all answered, 1 some pictures failed, 69 the host could not be started or ended early.
"""
import os
import pathlib
import struct
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# Every message of Protos/, from the descriptor set beside this file: no generated code.
files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(__file__).with_name("mien.desc").read_bytes()).file
pool = descriptor_pool.DescriptorPool()
for file in files:
    pool.Add(file)
messages = message_factory.GetMessageClassesForFiles([file.name for file in files], pool)
Frame, Request, Response = (messages["mien.v1." + name] for name in ("Frame", "EstimateFaceRequest", "EstimateFaceResponse"))


class HostGone(Exception):
    """The host cannot be started, or has ended."""


class Host:
    """A frame is a 4-byte big-endian length and then a `Frame`; the first one in each direction is a Hello."""

    def __init__(self):
        try:
            self.process = subprocess.Popen([os.environ.get("MIEN_COMMAND", "mien"), "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise HostGone(f"cannot start the host: {error}") from error
        self.next_call = 1
        self.send(hello=dict(magic="mien", min_major=1, max_major=1, peer_name="face.py", pid=os.getpid()))
        self.receive()

    def send(self, **fields):
        data = Frame(**fields).SerializeToString()
        try:
            self.process.stdin.write(struct.pack(">I", len(data)) + data)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise HostGone(f"the host ended with code {self.process.wait()}") from None

    def receive(self):
        header = self.process.stdout.read(4)
        if len(header) < 4:
            raise HostGone(f"the host ended with code {self.process.wait()}")
        return Frame.FromString(self.process.stdout.read(*struct.unpack(">I", header)))

    def unary(self, method, request):
        """One frame out and, for an answer of up to 64 KiB, one frame back."""
        call, self.next_call = self.next_call, self.next_call + 2
        self.send(call=call, open=dict(method=method, message=request.SerializeToString(), half_close=True))
        answer = b""
        while True:
            frame = self.receive()
            kind = frame.WhichOneof("kind")
            if kind == "message":
                answer += frame.message.data
                for number in (call, 0):  # what was read may be sent anew, on this call and on the connection
                    self.send(call=number, credit=dict(bytes=len(frame.message.data)))
            elif kind == "status":
                return frame.status, frame.status.answer or answer


def main(pictures):
    host, failed = Host(), 0
    for picture in pictures:
        status, answer = host.unary("/mien.v1.Estimation/EstimateFace", Request(path=os.path.abspath(picture)))
        if status.code:
            failed += 1
            print(f"{picture}: {status.message}", file=sys.stderr)
            continue
        estimates = Response.FromString(answer).estimates
        print(f"{picture}: {len(estimates)} face{'s' * (len(estimates) != 1)}")
        for estimate in estimates:
            box = estimate.face.box
            emotions = ", ".join(f"{category.name} {category.intensity:.2f}" for category in estimate.categories[:3])
            print(f"  {box.width:.0f}x{box.height:.0f} at {box.left:.0f},{box.top:.0f}: {emotions}")
    host.process.stdin.close()  # the host ends with its input
    host.process.wait()
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        sys.exit(main(sys.argv[1:]))
    except HostGone as error:
        print(f"face.py: {error}", file=sys.stderr)
        sys.exit(69)
