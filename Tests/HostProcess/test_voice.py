"""Voice estimation through the real host: recordings, live streams, and every error that a request can cause."""
import io
import wave

import numpy as np
import pytest
import soundfile

from wire_client import ROOT, CallFailed, Client, M

ESTIMATE, STREAM, WATCH = ("/mien.v1.Estimation/" + name for name in ("EstimateVoice", "EstimateVoices", "WatchVoice"))
Request, Response, WatchRequest, Event = (M["mien.v1." + name] for name in ("EstimateVoiceRequest", "EstimateVoiceResponse", "WatchVoiceRequest", "WatchVoiceEvent"))
SPEECH = ROOT / "Examples/speech.ogg"
SAMPLES, RATE = soundfile.read(SPEECH, dtype="float32")
INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION = 3, 5, 9
LABELS = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]


@pytest.fixture(scope="module")
def host():
    with Client() as client:
        yield client


def estimate(host, **fields):
    return host.unary(ESTIMATE, Request(**fields), "mien.v1.EstimateVoiceResponse")


def wav(samples, rate=16000):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1), writer.setsampwidth(2), writer.setframerate(rate)
        writer.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def raw(samples, rate=16000, channels=1):
    return dict(format=dict(samples="SAMPLE_FORMAT_F32LE", rate=rate, channels=channels), samples=np.asarray(samples, "<f4").tobytes())


def probabilities(estimate):
    return [score.score for score in estimate.native_scores]


def test_the_speech_is_the_same_however_it_travels(host):
    utterances = dict(granularity="GRANULARITY_UTTERANCE", activity=dict(minimum_silence=0.5))
    answers = [estimate(host, options=utterances, **fields) for fields in (dict(path=str(SPEECH)), dict(data=SPEECH.read_bytes()), dict(raw=raw(SAMPLES)))]
    for answer in answers:
        assert abs(answer.audio.duration - len(SAMPLES) / RATE) < 1e-3 and answer.audio.rate == RATE
        assert len(answer.estimates) == len(answer.utterances) >= 3
        for one in answer.estimates:
            assert one.made_by.estimator == "voice-emotion" and list(one.made_by.models) == ["silero-vad@6.2.3"]
            assert [score.label for score in one.native_scores] == LABELS and abs(sum(probabilities(one)) - 1) < 1e-4
            assert {c.name for c in one.categories} == set(one.covered_categories) and len(one.categories) == 6
            assert all(c.WhichOneof("optional_probability") for c in one.categories), "voices are calibrated"
            assert {d.name for d in one.dimensions} == {"valence", "arousal"} and all(-1 <= d.value <= 1 for d in one.dimensions)
            assert one.prediction_set.labels and abs(one.prediction_set.coverage - 0.9) < 1e-6
            assert 0 < one.voice_quality.overall <= 1
        starts = [one.voice.start for one in answer.estimates]
        assert starts == sorted(starts) and all(start * 16000 == round(start * 16000) for start in starts)
    assert [a.audio.format for a in answers] == ["ogg", "ogg", "raw"]
    # Another decoder's samples differ in the last place; rounding to 8 bits then falls to the other side now and then.
    for other, bound in zip(answers[1:], (1e-6, 0.03)):
        for a, b in zip(answers[0].estimates, other.estimates):
            assert np.allclose(probabilities(a), probabilities(b), atol=bound)


def test_granularities(host):
    clip = estimate(host, path=str(SPEECH))
    (whole,) = clip.estimates
    assert whole.voice.start == 0 and whole.voice.end == clip.audio.duration and 5 < whole.voice.speech < clip.audio.duration
    windows = estimate(host, path=str(SPEECH), options=dict(granularity="GRANULARITY_WINDOW", window=3, hop=1))
    starts = [one.voice.start for one in windows.estimates]
    assert len(starts) > 8 and all(start == int(start) for start in starts)


def test_other_rates_and_channels_give_about_the_same(host):
    reference = probabilities(estimate(host, raw=raw(SAMPLES)).estimates[0])
    doubled = np.repeat(np.interp(np.arange(2 * len(SAMPLES)) / 2, np.arange(len(SAMPLES)), SAMPLES)[:, None], 2, axis=1)
    got = probabilities(estimate(host, raw=raw(doubled, 32000, 2)).estimates[0])
    assert np.abs(np.array(got) - reference).max() < 0.15


@pytest.mark.parametrize("samples, reasons", [
    (np.zeros(48000), {"NO_SPEECH", "AUDIO_QUIET"}),
    (np.full(48000, np.nan), {"NO_SPEECH", "AUDIO_QUIET", "AUDIO_NOT_FINITE"}),
    (np.random.default_rng(1).normal(0, 0.001, 48000), {"NO_SPEECH", "AUDIO_QUIET"}),
])
def test_no_speech_is_an_answer(host, samples, reasons):
    answer = estimate(host, raw=raw(samples))
    assert not answer.estimates and {w.reason for w in answer.warnings} == reasons


@pytest.mark.parametrize("fields, code, reason, field", [
    (dict(), INVALID_ARGUMENT, "AUDIO_MISSING", "audio"),
    (dict(data=b""), INVALID_ARGUMENT, "AUDIO_EMPTY", "data"),
    (dict(data=b"hello there, this is text"), INVALID_ARGUMENT, "AUDIO_FORMAT_UNSUPPORTED", "audio"),
    (dict(data=(ROOT / "Examples/astronaut.jpg").read_bytes()), INVALID_ARGUMENT, "AUDIO_FORMAT_UNSUPPORTED", "audio"),
    (dict(data=wav(np.zeros(100))[:30]), INVALID_ARGUMENT, "AUDIO_TRUNCATED", "audio"),
    (dict(path="/no/such.wav"), NOT_FOUND, "FILE_NOT_FOUND", "path"),
    (dict(path="/dev/null"), INVALID_ARGUMENT, "FILE_NOT_REGULAR", "path"),
    (dict(path="relative.wav"), INVALID_ARGUMENT, "PATH_NOT_ABSOLUTE", "path"),
    (dict(raw=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=5), samples=b"xx")), INVALID_ARGUMENT, "FIELD_OUT_OF_RANGE", "raw.format.rate"),
    (dict(raw=dict(samples=b"xx")), INVALID_ARGUMENT, "FIELD_MISSING", "raw.format"),
    (dict(path=str(SPEECH), options=dict(window=100)), INVALID_ARGUMENT, "FIELD_OUT_OF_RANGE", "options.window"),
    (dict(path=str(SPEECH), options=dict(activity=dict(threshold=2))), INVALID_ARGUMENT, "FIELD_OUT_OF_RANGE", "options.activity.threshold"),
    (dict(path=str(SPEECH), estimator="nobody"), NOT_FOUND, "ESTIMATOR_UNKNOWN", "estimator"),
    (dict(path=str(SPEECH), estimator="face-expression"), INVALID_ARGUMENT, "ESTIMATOR_MODALITY", "estimator"),
])
def test_every_mistake_has_its_code_and_reason(host, fields, code, reason, field):
    with pytest.raises(CallFailed) as failure:
        estimate(host, **fields)
    assert failure.value.code == code and failure.value.info.reason == reason and failure.value.info.field == field
    assert len(estimate(host, raw=raw(SAMPLES[:32000])).audio.format) > 0, "the host goes on"


def test_a_missing_model_says_what_to_do(tmp_path):
    with Client(environment={"MIEN_HOME": str(tmp_path)}) as host:
        with pytest.raises(CallFailed) as failure:
            estimate(host, path=str(SPEECH))
        assert failure.value.code == FAILED_PRECONDITION and failure.value.info.reason == "MODEL_MISSING"
        assert "mien models pull silero-vad" in failure.value.message


def test_a_stream_answers_every_recording_by_its_id(host):
    call = host.open(STREAM)
    for index in range(12):
        fields = dict(data=b"ID3 no") if index % 4 == 3 else dict(path=str(SPEECH))
        host.message(call, Request(request_id=str(index), **fields).SerializeToString())
    host.half_close(call)
    answers = {}
    while (data := call.next(60)) is not None:
        answer = Response.FromString(data)
        answers[answer.request_id] = answer
    assert len(answers) == 12
    assert all(answer.HasField("failure") == (int(key) % 4 == 3) for key, answer in answers.items())


def watch(host, chunks, **start):
    """Sends a live stream while reading its events."""
    call = host.open(WATCH)
    host.message(call, WatchRequest(start=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=16000), **start)).SerializeToString())
    for chunk in chunks:
        host.message(call, WatchRequest(samples=chunk).SerializeToString())
    host.half_close(call)
    events = []
    while (data := call.next(60)) is not None:
        events.append(Event.FromString(data))
    return events


def test_a_live_stream_agrees_with_the_recording(host):
    pcm = (SAMPLES * 32767).astype("<i2").tobytes()
    recorded = estimate(host, raw=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=16000), samples=pcm),
                        options=dict(granularity="GRANULARITY_UTTERANCE", activity=dict(minimum_silence=0.4)))
    results = []
    for size in (333, 3200, 64000):
        events = watch(host, [pcm[i:i + size] for i in range(0, len(pcm), size)])
        kinds = [event.WhichOneof("kind") for event in events]
        assert kinds[0] == "ready" and kinds[1] == "speech_start" and "interval" in kinds
        live = [event.utterance for event in events if event.WhichOneof("kind") == "utterance"]
        assert [(u.voice.start, u.voice.end) for u in live] == [(u.voice.start, u.voice.end) for u in recorded.estimates]
        for a, b in zip(live, recorded.estimates):
            assert np.allclose(probabilities(a), probabilities(b), atol=1e-5)
        times = [event.time for event in events]
        assert times == sorted(times)
        results.append([(event.WhichOneof("kind"), round(getattr(event, event.WhichOneof("kind")).voice.end, 6)) for event in events
                        if event.WhichOneof("kind") in ("interval", "utterance")])
    assert results[0] == results[1] == results[2], "the pieces do not matter"


def test_a_live_stream_can_be_cancelled(host):
    call = host.open(WATCH)
    host.message(call, WatchRequest(start=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=16000))).SerializeToString())
    assert Event.FromString(call.next()).WhichOneof("kind") == "ready"
    host.message(call, WatchRequest(samples=bytes(100_000)).SerializeToString())
    host.cancel(call)
    with pytest.raises(CallFailed) as failure:
        while call.next() is not None:
            pass
    assert failure.value.code == 1
    assert estimate(host, path=str(SPEECH)).estimates


def test_half_an_hour_of_stream_takes_no_memory(host):
    minute = np.tile((SAMPLES * 32767).astype("<i2"), 4)[:16000 * 60].tobytes()
    watch(host, [minute])
    before = host.resident_bytes()
    events = watch(host, [minute[i:i + 32000] for _ in range(30) for i in range(0, len(minute), 32000)], interval=0)
    assert sum(event.WhichOneof("kind") == "utterance" for event in events) > 100
    assert host.resident_bytes() - before < 32 << 20
