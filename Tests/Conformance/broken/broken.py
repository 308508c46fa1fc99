"""A plugin that does one thing wrong, so that the kit can show that it notices; its argument says what. Without one it does everything right.

Written on bare bytes, with a codec of a page: it starts a thousand times in a test. Calls are answered one after the other by the thread that reads.
"""
import os
import select
import signal
import struct
import sys
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else "right"
WINDOW, CONNECTION_WINDOW, MAX_FRAME, MAX_MESSAGE, MAX_CALLS = 1 << 20, 16 << 20, 16 << 20, 64 << 20, 1024
HELLO, OPEN, MESSAGE, HALF_CLOSE, CANCEL, STATUS, CREDIT, GO_AWAY, PING, PONG, LOG = range(2, 13)
SERVICE = "/mien.v1.Plugin/"


class Undecodable(Exception):
    pass


class Violation(Exception):
    pass


class Refused(Exception):
    """Ends a call with a status."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


# Protobuf

def varint(number):
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def field(number, value):
    """A field with a number, a float, text, or bytes."""
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(data):
    """(number, value) of each field: a number or bytes."""
    place, size = 0, len(data)

    def read_varint():
        nonlocal place
        value = 0
        for shift in range(0, 70, 7):
            if place >= size:
                raise Undecodable("truncated")
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Undecodable("a varint that does not end")

    while place < size:
        tag = read_varint()
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise Undecodable("field 0")
        if kind == 0:
            yield number, read_varint()
            continue
        length = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            length = read_varint()
        if length is None:
            raise Undecodable(f"wire type {kind}")
        if length > size - place:
            raise Undecodable("truncated")
        yield number, data[place:place + length]
        place += length


def record(data):
    """The last value of each field."""
    return dict(fields(data))


# What it is

ESTIMATORS = {"loud-clips": "voice", "bright-faces": "face"}


def description():
    voice = field(1, "loud-clips") + field(2, "1") + field(3, "Takes loudness for anger.") + field(4, "Anger") + field(4, "Awe") + field(5, "arousal")
    voice += field(7, "loud") + field(7, "quiet") + field(11, field(1, 16000) + field(2, 30.0)) + field(12, 3)
    face = field(1, "bright-faces") + field(2, "1") + field(3, "Takes light for joy.") + field(4, "Elation")
    face += field(10, field(1, 16) + field(2, 12) + field(3, 2) + field(4, 1)) + field(12, 4)
    if MODE == "no-input":
        face = face[:face.index(field(4, "Elation"))] + field(4, "Elation")
    if MODE == "category-misspelt":
        voice = voice.replace(b"Anger", b"anger")
    estimators = [voice, face]
    if MODE == "id-twice":
        estimators.append(voice)
    plugin = "Broken Plugin" if MODE == "id-with-spaces" else "broken"
    version = str(time.time()) if MODE == "description-changes" else "" if MODE == "no-version" else "1"
    return field(1, plugin) + field(2, version) + b"".join(field(3, one) for one in estimators)



def estimate(method, data):
    modality = "face" if method == "EstimateFaces" else "voice"
    name, inputs, wanted = "", [], []
    for number, value in fields(data):
        if number == 1:
            name = value.decode()
        elif number == 2:
            inputs.append(value)
        elif number == 3:
            wanted.append(value.decode())
    if name not in ESTIMATORS and MODE != "knows-everybody":
        raise Refused(5, "ESTIMATOR_UNKNOWN")
    if ESTIMATORS.get(name, modality) != modality:
        raise Refused(3, "ESTIMATOR_MODALITY")
    for one in inputs:
        right = len(one) == 16 * 12 * 3 if modality == "face" else len(one) > 0 and len(one) % 4 == 0
        if not right and MODE == "dies-of-wrong-sizes":
            os._exit(3)
        if not right and MODE != "takes-all-sizes":
            raise Refused(3, "FIELD_OUT_OF_RANGE")
    if MODE == "prints":
        os.write(1, b"loading the model\n")
    answers = [reading(modality, sum(one[:4000]) / (256 * max(len(one[:4000]), 1)), wanted) for one in inputs]
    if MODE == "wrong-count":
        answers.append(answers[-1])
    if MODE == "batch-is-reversed":
        answers.reverse()
    return b"".join(field(1, one) for one in answers)


COUNT = 0


def reading(modality, value, wanted):
    global COUNT
    COUNT += 1
    if MODE == "changes-its-mind":
        value = value / 2 + 0.25 * (COUNT % 2)
    intensity = {"nan": float("nan"), "too-strong": 1.5}.get(MODE, value)
    if modality == "face":
        return field(1, field(1, "Elation") + field(2, intensity))
    category = "Fear" if MODE == "unlisted-category" else "Anger"
    if MODE == "subset-misunderstood" and wanted:
        category = "Awe"
    answer = field(1, field(1, category) + field(2, intensity)) + field(2, field(1, "arousal") + field(2, 2 * value - 1))
    labels = ["quiet", "loud"] if MODE == "labels-in-disorder" else ["loud", "quiet"]
    return answer + b"".join(field(4, field(1, label) + field(2, 0.5)) for label in labels)


def answer(method, data):
    """The answer of a method, serialised."""
    name = method[len(SERVICE):]
    try:
        content = record(data)
        if name == "Describe":
            return description()
        if name == "Warm":
            if content.get(1, b"").decode() not in ESTIMATORS and MODE != "knows-everybody":
                raise Refused(5, "ESTIMATOR_UNKNOWN")
            return b""
        return estimate(name, data)
    except Undecodable:
        raise Refused(3, "MESSAGE_MALFORMED") from None


# The wire

class Call:
    def __init__(self, method, deadline):
        self.method, self.deadline = method, deadline
        # Of the message that is coming, whole messages, and credit that the caller has left.
        self.partial, self.messages, self.window = bytearray(), [], WINDOW
        self.is_unfinished = self.is_half_closed = False


class Plugin:
    def __init__(self):
        self.calls, self.highest, self.limits, self.incoming, self.has_greeted = {}, 0, {}, bytearray(), False

    def send(self, number, kind, content=b""):
        frame = (field(1, number) if number else b"") + field(kind, content)
        data = struct.pack(">I", len(frame)) + frame
        while data:
            data = data[os.write(1, data):]

    def greet(self):
        magic = "mine" if MODE == "wrong-magic" else "mien"
        lowest = 2 if MODE == "wrong-version" else 1
        self.send(0, HELLO, field(1, magic) + field(2, lowest) + field(3, lowest) + field(4, "broken") + field(6, os.getpid()))

    def status(self, number, code, reason="", message=""):
        content = (field(1, code) if code else b"") + field(2, message or reason or "no")
        if reason and MODE != "no-reasons":
            content += field(3, field(1, "mien.v1.ErrorInfo") + field(2, field(1, reason)))
        self.send(number, STATUS, content)

    def end(self, number, code, reason="", message=""):
        if self.calls.pop(number, None) is not None:
            self.status(number, code, reason, message)

    def serve(self):
        if MODE == "text-first":
            os.write(1, b"Loading the model, please wait ...\n")
        if MODE != "no-hello":
            self.greet()
        while True:
            deadlines = [call.deadline for call in self.calls.values() if call.deadline is not None]
            patience = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
            ready, _, _ = select.select([0, WAKE], [], [], patience)
            for number, call in list(self.calls.items()):
                if call.deadline is not None and time.monotonic() >= call.deadline and MODE != "ignores-deadlines":
                    self.end(number, 4)
                elif MODE == "ignores-deadlines":
                    call.deadline = None
            if WAKE in ready:
                self.send(0, GO_AWAY, field(1, self.highest) + field(2, "SIGTERM"))
                return 0
            if 0 in ready:
                data = os.read(0, 1 << 18)
                if not data:
                    return self.end_input()
                self.incoming += data
                self.take_frames()

    def end_input(self):
        if self.incoming and MODE != "half-a-frame-is-fine":
            raise Violation("the stream ends inside a frame")
        if MODE == "stays":
            time.sleep(60)
        for number in list(self.calls):
            self.end(number, 1)
        return 3 if MODE == "exits-with-3" else 0

    def take_frames(self):
        place = 0
        while len(self.incoming) - place >= 4:
            size, = struct.unpack_from(">I", self.incoming, place)
            if size > MAX_FRAME:
                raise Violation(f"a frame of {size} bytes")
            if len(self.incoming) - place < 4 + size:
                break
            frame = bytes(self.incoming[place + 4:place + 4 + size])
            place += 4 + size
            try:
                self.take(frame)
            except Undecodable as error:
                if MODE != "forgives-garbage":
                    raise Violation(f"a frame that cannot be decoded: {error}") from None
        del self.incoming[:place]

    def take(self, data):
        number, kind, content, strange = 0, None, b"", False
        for tag, value in fields(data):
            if tag == 1:
                number = value
            elif tag in range(HELLO, LOG + 1):
                kind, content = tag, value
            else:
                strange = True
        if strange and MODE == "dies-of-the-unknown":
            os._exit(1)
        if not self.has_greeted:
            return self.take_hello(kind, content)
        if kind is None:
            return
        if kind == HELLO or kind in (GO_AWAY, PING, PONG) and number:
            raise Violation("a frame out of place")
        if kind in (OPEN, MESSAGE, HALF_CLOSE, CANCEL, STATUS) and not number:
            raise Violation("a frame without a call's number")
        if kind == OPEN:
            return self.take_open(number, record(content), [value for tag, value in fields(content) if tag == 2])
        if kind == PING and MODE != "no-pong":
            return self.send(0, PONG, content)
        if kind not in (MESSAGE, HALF_CLOSE, CANCEL, STATUS) or MODE == "forgives-strangers" and number > self.highest:
            return
        if number > self.highest or number % 2 == 0 or kind == STATUS:
            raise Violation(f"a frame of call {number}")
        call = self.calls.get(number)
        if kind == MESSAGE:
            part = record(content)
            size = len(part.get(1, b""))
            if size and MODE != "keeps-credit":
                self.send(0, CREDIT, field(1, size))
            if call is None and MODE == "answers-late-frames":
                self.status(number, 1)
            if call is not None:
                self.accept(number, call, part.get(1, b""), bool(part.get(2)), None)
        elif kind == HALF_CLOSE and call is not None:
            if call.is_half_closed or call.is_unfinished:
                raise Violation("a half-close out of place")
            self.accept(number, call, None, False, True)
        elif kind == CANCEL and MODE != "ignores-cancel":
            self.end(number, 1)

    def take_hello(self, kind, content):
        if kind != HELLO:
            raise Violation("the first frame is no Hello")
        self.has_greeted = True
        hello = record(content)
        if hello.get(1) != b"mien" and MODE != "any-magic" or not hello.get(2, 0) <= 1 <= hello.get(3, 0):
            raise Violation("not a Hello that suits")
        limits = record(hello.get(7, b""))
        if 0 < limits.get(1, 0) < 65536:
            raise Violation("frames that are too small")

    def take_open(self, number, opening, metadata):
        if number % 2 == 0 or number <= self.highest and MODE != "numbers-do-not-matter":
            raise Violation(f"call {number} was opened")
        if opening.get(5) and 4 not in opening:
            raise Violation("a message without its beginning")
        self.highest = max(self.highest, number)
        first = opening.get(4)
        if first:
            self.send(0, CREDIT, field(1, len(first)))
        try:
            self.admit(opening, metadata)
        except Refused as error:
            return self.status(number, error.code, error.reason)
        timeout = opening.get(3)
        call = self.calls[number] = Call(opening[1].decode(), None if timeout is None else time.monotonic() + min(timeout, 1 << 40) / 1e6)
        self.accept(number, call, first, bool(opening.get(5)), bool(opening.get(6)))

    def admit(self, opening, metadata):
        if len(self.calls) >= MAX_CALLS:
            raise Refused(8, "TOO_MANY_CALLS")
        size = 0
        for entry in map(record, metadata):
            name, value = entry.get(1, b"").decode(), entry.get(2, b"")
            size += len(name) + len(value)
            if MODE != "any-metadata" and (not name or any(letter not in "abcdefghijklmnopqrstuvwxyz0123456789-_." for letter in name)):
                raise Refused(3, "METADATA_NAME")
            if MODE != "any-metadata" and name.startswith("mien-"):
                raise Refused(3, "METADATA_RESERVED")
        if size > 8192:
            raise Refused(8, "METADATA_TOO_LARGE")
        if opening.get(3) == 0 and MODE != "ignores-deadlines":
            raise Refused(4)
        if opening.get(1, b"").decode() not in [SERVICE + name for name in ("Describe", "Warm", "EstimateFaces", "EstimateVoices")]:
            raise Refused(2 if MODE == "unknown-is-unknown" else 12)

    def accept(self, number, call, chunk, continues, half_close):
        """A chunk of a message, the half-close, or both."""
        if chunk is not None:
            if call.is_half_closed and not call.is_unfinished:
                raise Violation("a message after the half-close")
            if len(chunk) > call.window:
                return self.end(number, 13, "CREDIT_EXCEEDED")
            call.partial += chunk
            if len(call.partial) > MAX_MESSAGE:
                return self.end(number, 8, "MESSAGE_TOO_LARGE")
            call.is_unfinished = continues
            if not continues:
                call.messages.append(bytes(call.partial))
                call.partial.clear()
            if MODE != "keeps-credit-of-calls":
                if chunk:
                    self.send(number, CREDIT, field(1, len(chunk)))
            else:
                call.window -= len(chunk)
        if half_close:
            call.is_half_closed = True
        if sum(one.is_unfinished for one in self.calls.values()) > 64:
            return self.end(number, 8, "TOO_MANY_UNFINISHED_MESSAGES")
        if len(call.messages) > 1:
            return self.end(number, 3, "MESSAGE_COUNT")
        if call.is_half_closed and not call.is_unfinished or MODE == "hasty" and call.messages:
            if not call.messages:
                return self.end(number, 3, "MESSAGE_COUNT")
            self.begin(number, call)

    def begin(self, number, call):
        is_estimate = "Estimate" in call.method
        try:
            data = answer(call.method, call.messages[0])
        except Refused as error:
            return self.end(number, error.code, error.reason)
        if is_estimate and MODE == "dies-of-estimates":
            os.kill(os.getpid(), signal.SIGSEGV)
        if is_estimate and MODE == "never-answers":
            return
        del self.calls[number]
        if is_estimate and MODE == "status-without-answer":
            return self.send(number, STATUS)
        if is_estimate and MODE == "message-without-status":
            return self.send(number, MESSAGE, field(1, data))
        self.send(number, STATUS, field(5, data))
        if is_estimate and MODE == "answers-twice":
            self.send(number, STATUS, field(5, data))


WAKE, waker = os.pipe()
os.set_blocking(waker, False)
signal.set_wakeup_fd(waker)
signal.signal(signal.SIGTERM, lambda *_: None)
plugin = Plugin()
try:
    sys.exit(plugin.serve())
except Violation as violation:
    if plugin.has_greeted and MODE != "leaves-without-a-word":
        plugin.send(0, GO_AWAY, field(1, plugin.highest) + field(2, f"protocol violation: {violation}"))
    sys.exit(0 if MODE == "violations-are-fine" else 76)
