"""A `mien serve` of our own and frames to and from it, for the examples beside this file. Needs nothing but the package protobuf (4.22 or later)."""
import os
import pathlib
import struct
import subprocess
import threading

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# Every message of Protos/, from the descriptor set beside this file: no generated code.
files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(__file__).with_name("mien.desc").read_bytes()).file
pool = descriptor_pool.DescriptorPool()
for file in files:
    pool.Add(file)
messages = message_factory.GetMessageClassesForFiles([file.name for file in files], pool)
Frame = messages["mien.v1.Frame"]


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
        self.sending = threading.Lock()
        self.send(hello=dict(magic="mien", min_major=1, max_major=1, peer_name="example", pid=os.getpid()))
        self.receive()

    def send(self, **fields):
        data = Frame(**fields).SerializeToString()
        try:
            with self.sending:
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
