"""What a request and the command may want of an answer: some categories alone, a threshold of reliability, a neutral voice to compare with."""
import json
import subprocess

import pytest
import soundfile

from wire_client import ROOT, CallFailed, Client, M, mien_command

FACE, VOICE, WATCH = ("/mien.v1.Estimation/" + name for name in ("EstimateFace", "EstimateVoice", "WatchVoice"))
PORTRAIT, SPEECH = ROOT / "Examples/astronaut.jpg", ROOT / "Examples/speech.ogg"
INVALID_ARGUMENT, USAGE, NO_INPUT = 3, 64, 66


@pytest.fixture(scope="module")
def host():
    with Client() as client:
        yield client


def face(host, **options):
    return host.unary(FACE, M["mien.v1.EstimateFaceRequest"](path=str(PORTRAIT), options=options), "mien.v1.EstimateFaceResponse")


def voice(host, **options):
    return host.unary(VOICE, M["mien.v1.EstimateVoiceRequest"](path=str(SPEECH), options=options), "mien.v1.EstimateVoiceResponse")


def watch(host, **start):
    call = host.open(WATCH)
    samples, rate = soundfile.read(SPEECH, dtype="int16", frames=96000)
    Request = M["mien.v1.WatchVoiceRequest"]
    host.message(call, Request(start=dict(format=dict(samples="SAMPLE_FORMAT_S16LE", rate=rate), interval=0, **start)).SerializeToString())
    host.message(call, Request(samples=samples.tobytes()).SerializeToString())
    host.half_close(call)
    events = []
    while (data := call.next(60)) is not None:
        events.append(M["mien.v1.WatchVoiceEvent"].FromString(data))
    return events


@pytest.mark.parametrize("ask", [face, voice])
def test_only_some_categories(host, ask):
    (everything,) = ask(host).estimates
    (some,) = ask(host, categories=["surprise", "ANGER", "anger", "Negative|Fear"]).estimates
    assert {c.name for c in some.categories} == {"Astonishment/Surprise", "Anger", "Fear"}
    assert [c.rank for c in some.categories] == [1, 2, 3] and [c.rank for c in everything.categories] == [1, 2, 3, 4, 5, 6]
    intensities = {c.name: c.intensity for c in everything.categories}
    assert all(c.intensity == intensities[c.name] and not c.abstained for c in some.categories)
    assert some.covered_categories == everything.covered_categories and some.native_scores == everything.native_scores
    assert some.prediction_set == everything.prediction_set


@pytest.mark.parametrize("ask", [face, voice])
def test_where_reliability_is_not_known_nothing_is_withheld(host, ask):
    for reliability in (-1, 0, 1):
        (estimate,) = ask(host, minimum_reliability=reliability).estimates
        assert len(estimate.categories) == 6 and not any(c.abstained or c.WhichOneof("optional_rater_reliability") for c in estimate.categories)


def test_a_neutral_voice_that_is_of_no_use_is_a_warning(host):
    (enrolled,) = voice(host).estimates
    answer = voice(host, neutral=enrolled.native_scores)
    assert [warning.reason for warning in answer.warnings] == ["NEUTRAL_UNUSED"] and len(answer.estimates) == 1
    kinds = [event.WhichOneof("kind") for event in watch(host, neutral=enrolled.native_scores, categories=["sadness"])]
    assert kinds[:2] == ["ready", "warning"] and "utterance" in kinds


@pytest.mark.parametrize("ask", [face, voice, watch])
@pytest.mark.parametrize("options, reason, field, words", [
    (dict(categories=["anger", "joy"]), "CATEGORY_UNKNOWN", "categories", ['"joy"', "Elation"]),
    (dict(categories=["anger", "pride"]), "CATEGORY_NOT_COVERED", "categories", ["Pride", "covers Anger, Disgust, Fear, Elation, Sadness, Astonishment/Surprise"]),
    (dict(categories=["x" * 100_000]), "CATEGORY_UNKNOWN", "categories", ["..."]),
    (dict(minimum_reliability=float("nan")), "FIELD_OUT_OF_RANGE", "minimum_reliability", ["nan"]),
    (dict(minimum_reliability=1.01), "FIELD_OUT_OF_RANGE", "minimum_reliability", ["from -1 to 1"]),
])
def test_mistakes_are_named(host, ask, options, reason, field, words):
    with pytest.raises(CallFailed) as failure:
        ask(host, **options)
    error = failure.value
    assert error.code == INVALID_ARGUMENT and error.info.reason == reason
    assert error.info.field == ("start." if ask is watch else "options.") + field
    assert all(word in error.message for word in words) and len(error.message) < 1000


@pytest.mark.parametrize("ask", [voice, watch])
@pytest.mark.parametrize("neutral, reason", [
    ([dict(label="rage", score=1)], "NEUTRAL_LABEL_UNKNOWN"),
    ([dict(label="anger", score=1), dict(label="anger", score=1)], "NEUTRAL_LABEL_TWICE"),
    ([dict(label="anger", score=float("inf"))], "FIELD_OUT_OF_RANGE"),
])
def test_neutral_scores_are_checked(host, ask, neutral, reason):
    with pytest.raises(CallFailed) as failure:
        ask(host, neutral=neutral)
    assert failure.value.code == INVALID_ARGUMENT and failure.value.info.reason == reason and failure.value.info.field.endswith(".neutral")


def mien(*arguments, stdin=b""):
    done = subprocess.run([mien_command(), *map(str, arguments)], input=stdin, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_command_shows_some_categories_and_counts_the_rest():
    code, brief, _ = mien("face", PORTRAIT)
    assert code == 0 and "The 3 strongest of 6 are shown; --all shows all." in brief and "Disgust" not in brief
    code, full, _ = mien("face", "--all", PORTRAIT)
    assert code == 0 and "strongest of" not in full and all(name in full for name in ("Elation", "Disgust", "Fear"))
    code, some, _ = mien("face", "--categories", "disgust,surprise", "--min-reliability", "-1", PORTRAIT)
    assert code == 0 and "Disgust" in some and "Elation" not in some


def test_the_command_says_all_in_json():
    code, out, _ = mien("face", "--json", PORTRAIT)
    categories = json.loads(out)["estimates"][0]["categories"]
    assert code == 0 and [c["rank"] for c in categories] == [1, 2, 3, 4, 5, 6]
    code, out, _ = mien("voice", "--json", "--granularity", "clip", "--categories", "fear, anger", SPEECH)
    assert code == 0 and {c["name"] for c in json.loads(out)["estimates"][0]["categories"]} == {"Fear", "Anger"}


def test_the_command_compares_with_a_neutral_recording():
    code, out, _ = mien("voice", "--granularity", "clip", "--neutral", SPEECH, SPEECH)
    assert code == 0 and "neutral unused" in out
    for wrong, words in ((ROOT / "Examples/none.wav", "No such file"), (PORTRAIT, "JPEG")):
        code, out, errors = mien("voice", "--neutral", wrong, SPEECH)
        assert code == NO_INPUT and not out and words in errors


def test_a_neutral_recording_needs_speech(tmp_path):
    soundfile.write(tmp_path / "silence.wav", [0.0] * 16000, 16000)
    code, out, errors = mien("voice", "--neutral", tmp_path / "silence.wav", SPEECH)
    assert code == NO_INPUT and not out and "no speech was found, so there is nothing to compare with" in errors


def test_the_command_listens_for_some_categories():
    samples, rate = soundfile.read(SPEECH, dtype="int16")
    code, out, _ = mien("listen", "--rate", rate, "--categories", "fear,anger", "--all", stdin=samples.tobytes())
    assert code == 0 and out.count("Anger") >= 3 and out.count("Fear") == out.count("Anger") and "neutral" not in out


@pytest.mark.parametrize("arguments, words", [
    (["face", PORTRAIT, "--categories", "joy"], "word for Elation"),
    (["face", PORTRAIT, "--categories", "pride"], "does not cover"),
    (["voice", SPEECH, "--categories", "anger,pride"], "does not cover"),
    (["listen", "--categories", "pride"], "does not cover"),
    (["voice", SPEECH, "--min-reliability", "2"], "from -1 to 1"),
    (["voice", SPEECH, "--all", "--top", "3"], "--top and --all"),
])
def test_the_command_names_mistakes(arguments, words):
    code, out, errors = mien(*arguments)
    assert code == USAGE and not out and words in errors
