#!/usr/bin/env python3
"""Emotions of a live voice, from a `mien serve` of our own: 16-bit mono samples come in on stdin, a line goes out whenever something is known.

    arecord -q -t raw -f S16_LE -r 16000 | python3 voice.py [RATE]
    ffmpeg -loglevel error -i call.mp3 -f s16le -ac 1 -ar 16000 - | python3 voice.py

Exit codes: 0 the stream ended, 1 the host refused it, 69 the host could not be started or ended early.
"""
import sys
import threading

from wire import Host, HostGone, messages

Request, Event = (messages["mien.v1." + name] for name in ("WatchVoiceRequest", "WatchVoiceEvent"))


class Allowance:
    """Bytes that may be sent: the host gives more as it reads, so that a fast source waits for it. 1 MiB at first, unless its Hello says otherwise."""

    def __init__(self, count=1 << 20):
        self.count, self.changed, self.ended = count, threading.Condition(), False

    def take(self, count):
        """Waits for so many bytes; False if the call has ended."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or self.count >= count)
            self.count -= count
            return not self.ended

    def give(self, count):
        with self.changed:
            self.count += count
            self.changed.notify()

    def end(self):
        with self.changed:
            self.ended = True
            self.changed.notify()


def feed(host, call, allowance):
    """Sends what comes in on stdin as soon as it comes."""
    try:
        while samples := sys.stdin.buffer.read1(32000):
            message = Request(samples=samples).SerializeToString()
            if not allowance.take(len(message)):
                return
            host.send(call=call, message=dict(data=message))
        host.send(call=call, half_close=dict())
    except HostGone:
        pass  # who receives notices it as well


def describe(event):
    kind = event.WhichOneof("kind")
    if kind == "ready":
        return f"{event.ready.estimator} is listening"
    if kind == "speech_start":
        return f"{event.speech_start.start:8.2f}  someone speaks"
    if kind == "warning":
        return f"{event.time:8.2f}  {event.warning.message}"
    estimate = getattr(event, kind)  # "interval" while someone speaks, "utterance" afterwards
    # Probabilities of classes, one of which may be "neutral"; other estimators rate each emotion by itself, the strongest first.
    if all(category.WhichOneof("optional_probability") for category in estimate.categories):
        likely = max((score.score, score.label) for score in estimate.native_scores)
    else:
        likely = next(((category.intensity, category.name) for category in estimate.categories if not category.abstained), (0, "no estimate"))
    places = ", ".join(f"{dimension.name} {dimension.value:+.2f}" for dimension in estimate.dimensions)
    return f"{estimate.voice.end:8.2f}  {kind:9}  {likely[1]} {likely[0]:.2f}, {places}"


def main(rate):
    host, call = Host(), 1
    start = Request(start=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=rate, channels=1))).SerializeToString()
    allowance = Allowance((1 << 20) - len(start))
    host.send(call=call, open=dict(method="/mien.v1.Estimation/WatchVoice", message=start))
    threading.Thread(target=feed, args=(host, call, allowance), daemon=True).start()
    while True:
        frame = host.receive()
        kind = frame.WhichOneof("kind")
        if kind == "credit" and frame.call == call:
            allowance.give(frame.credit.bytes)
        elif kind == "message":
            print(describe(Event.FromString(frame.message.data)), flush=True)
            for number in (call, 0):  # what was read may be sent anew, on this call and on the connection
                host.send(call=number, credit=dict(bytes=len(frame.message.data)))
        elif kind == "status":
            allowance.end()
            if frame.status.code:
                print(frame.status.message, file=sys.stderr)
            return 1 if frame.status.code else 0


if __name__ == "__main__":
    rate = sys.argv[1] if len(sys.argv) > 1 else "16000"
    if len(sys.argv) > 2 or not rate.isdecimal():
        sys.exit(__doc__)
    try:
        sys.exit(main(int(rate)))
    except HostGone as error:
        print(f"voice.py: {error}", file=sys.stderr)
        sys.exit(69)
