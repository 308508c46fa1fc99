"""Face estimation through the real host: answers, and every error that a request can cause."""
import io
import os
import pathlib
import random

import pytest
from PIL import Image

from wire_client import ROOT, CallFailed, Client, M

ESTIMATE, STREAM = "/mien.v1.Estimation/EstimateFace", "/mien.v1.Estimation/EstimateFaces"
Request, Response = M["mien.v1.EstimateFaceRequest"], M["mien.v1.EstimateFaceResponse"]
PORTRAIT = ROOT / "Examples/astronaut.jpg"
INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED = 3, 5, 7, 8


@pytest.fixture(scope="module")
def host():
    with Client() as client:
        yield client


def estimate(host, timeout=None, **fields):
    return host.unary(ESTIMATE, Request(**fields), "mien.v1.EstimateFaceResponse", timeout)


def png(width, height, mode="RGB", colour=(90, 90, 90)):
    file = io.BytesIO()
    Image.new(mode, (width, height), colour).save(file, "PNG")
    return file.getvalue()


def test_the_portrait_has_one_face_however_it_travels(host):
    image = Image.open(PORTRAIT).convert("RGB")
    answers = [
        estimate(host, path=str(PORTRAIT)),
        estimate(host, data=PORTRAIT.read_bytes()),
        estimate(host, raw=dict(width=image.width, height=image.height, format="PIXEL_FORMAT_RGB8", pixels=image.tobytes())),
    ]
    for answer in answers:
        (face,) = answer.estimates
        assert (answer.picture.width, answer.picture.height) == image.size
        assert 150 < face.face.box.left < 220 and 50 < face.face.box.top < 100
        assert len(face.face.landmarks) == 5
        assert face.made_by.estimator == "face-expression" and len(face.made_by.models) == 2
        assert len(face.native_scores) == 7 and abs(sum(s.score for s in face.native_scores) - 1) < 1e-4
        assert face.categories[0].name == "Elation"
        intensities = [c.intensity for c in face.categories]
        assert intensities == sorted(intensities, reverse=True)
        assert {c.name for c in face.categories} == set(face.covered_categories)
        assert not any(c.WhichOneof("optional_probability") for c in face.categories), "nothing here was calibrated"
        assert 0 < face.quality.overall <= 1
    for a, b in zip(answers[0].estimates[0].native_scores, answers[1].estimates[0].native_scores):
        assert a == b


def test_a_picture_without_a_face_is_an_answer(host):
    answer = estimate(host, data=png(320, 240))
    assert not answer.estimates


def test_trailing_metadata_accounts_for_the_call(host):
    call = host.open(ESTIMATE, message=Request(path=str(PORTRAIT)).SerializeToString(), half_close=True)
    call.next()
    assert {"mien-queue-us", "mien-decode-us", "mien-compute-us", "mien-kernels"} <= set(call.trailing)


TRUNCATED = PORTRAIT.read_bytes()[:5000] if PORTRAIT.exists() else b""


@pytest.mark.parametrize("fields, code, reason, field, words", [
    (dict(), INVALID_ARGUMENT, "PICTURE_MISSING", "picture", ["picture"]),
    (dict(data=b""), INVALID_ARGUMENT, "PICTURE_EMPTY", "data", ["empty"]),
    (dict(data=b"GIF89a" + bytes(20)), INVALID_ARGUMENT, "PICTURE_FORMAT_UNSUPPORTED", "picture", ["GIF", "JPEG"]),
    (dict(data=b"hello there, this is text"), INVALID_ARGUMENT, "PICTURE_FORMAT_UNSUPPORTED", "picture", []),
    (dict(data=TRUNCATED), INVALID_ARGUMENT, "PICTURE_TRUNCATED", "picture", []),
    (dict(data=png(64, 64)[:60]), INVALID_ARGUMENT, "PICTURE_TRUNCATED", "picture", []),
    (dict(data=png(20_000, 10_000, "1", 0)), INVALID_ARGUMENT, "PICTURE_TOO_LARGE", "picture", ["20000"]),
    (dict(path="relative.jpg"), INVALID_ARGUMENT, "PATH_NOT_ABSOLUTE", "path", ["absolute"]),
    (dict(path="/nowhere/at/all.jpg"), NOT_FOUND, "FILE_NOT_FOUND", "path", []),
    (dict(path="/dev/zero"), INVALID_ARGUMENT, "FILE_NOT_REGULAR", "path", ["regular"]),
    (dict(path="/"), INVALID_ARGUMENT, "FILE_NOT_REGULAR", "path", ["regular"]),
    (dict(path=str(PORTRAIT) + "\0.jpg"), INVALID_ARGUMENT, None, "", ["path"]),
    (dict(raw=dict(width=2, height=2, format=2, pixels=bytes(11))), INVALID_ARGUMENT, "PICTURE_DIMENSIONS", "raw.pixels", ["12", "11"]),
    (dict(raw=dict(width=0, height=2, format=2)), INVALID_ARGUMENT, None, "raw.width", []),
    (dict(raw=dict(width=1 << 31, height=1 << 31, format=2)), INVALID_ARGUMENT, None, "raw.pixels", []),
    (dict(raw=dict(width=2, height=2, format=0, pixels=bytes(12))), INVALID_ARGUMENT, None, "raw.format", []),
    (dict(raw=dict(width=2, height=2, format=77, pixels=bytes(12))), INVALID_ARGUMENT, None, "raw.format", ["77"]),
    (dict(path=str(PORTRAIT), estimator="no-such"), NOT_FOUND, "ESTIMATOR_UNKNOWN", "estimator", ["no-such", "face-expression"]),
    (dict(path=str(PORTRAIT), options=dict(minimum_confidence=float("nan"))), INVALID_ARGUMENT, None, "options.minimum_confidence", []),
    (dict(path=str(PORTRAIT), options=dict(minimum_confidence=1.5)), INVALID_ARGUMENT, None, "options.minimum_confidence", ["1.5"]),
    (dict(path=str(PORTRAIT), options=dict(minimum_confidence=-0.1)), INVALID_ARGUMENT, None, "options.minimum_confidence", []),
])
def test_errors_of_a_request(host, fields, code, reason, field, words):
    with pytest.raises(CallFailed) as failure:
        estimate(host, **fields)
    error = failure.value
    assert error.code == code, error
    assert error.info.field == field
    assert error.info.reason and (reason is None or error.info.reason == reason)
    for word in words:
        assert word in error.message


def test_an_unreadable_file_is_permission_denied(host, tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(PORTRAIT.read_bytes())
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(CallFailed) as failure:
        estimate(host, path=str(secret))
    assert failure.value.code == PERMISSION_DENIED


def test_a_fifo_does_not_hang_the_host(host, tmp_path):
    os.mkfifo(tmp_path / "fifo.jpg")
    with pytest.raises(CallFailed) as failure:
        estimate(host, path=str(tmp_path / "fifo.jpg"))
    assert failure.value.code == INVALID_ARGUMENT and failure.value.info.reason == "FILE_NOT_REGULAR"


def test_missing_models_say_what_to_do(tmp_path):
    with Client(environment={"MIEN_HOME": str(tmp_path)}) as host:
        with pytest.raises(CallFailed) as failure:
            estimate(host, path=str(PORTRAIT))
        assert failure.value.code == 9 and failure.value.info.reason == "MODEL_MISSING"
        assert "mien models pull" in failure.value.message
        health = host.unary("/grpc.health.v1.Health/Check", M["grpc.health.v1.HealthCheckRequest"](service="estimator/face-expression"),
                            "grpc.health.v1.HealthCheckResponse")
        assert health.status == 2


def test_options_limit_the_faces(host):
    assert not estimate(host, path=str(PORTRAIT), options=dict(minimum_confidence=1.0)).estimates
    whole = estimate(host, path=str(PORTRAIT), options=dict(whole_picture=True))
    (face,) = whole.estimates
    assert face.face.detection_confidence == 1 and not face.face.landmarks
    sheet = Image.new("RGB", (1024, 512))
    portrait = Image.open(PORTRAIT).convert("RGB")
    sheet.paste(portrait, (0, 0))
    sheet.paste(portrait.resize((256, 256)), (600, 100))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=95)
    assert len(estimate(host, data=file.getvalue()).estimates) == 2
    (largest,) = estimate(host, data=file.getvalue(), options=dict(max_faces=1)).estimates
    assert largest.face.box.left < 512


def test_a_stream_answers_every_picture_by_its_id_and_survives_bad_ones(host):
    call = host.open(STREAM)
    good, bad = {f"good-{i}" for i in range(12)}, {f"bad-{i}" for i in range(12)}
    for name in random.Random(3).sample(sorted(good | bad), 24):
        request = Request(request_id=name, path=str(PORTRAIT)) if name in good else Request(request_id=name, data=b"GIF89a")
        host.message(call, request.SerializeToString())
    host.half_close(call)
    answers = {}
    while (data := call.next(60)) is not None:
        answer = Response.FromString(data)
        assert answer.request_id not in answers
        answers[answer.request_id] = answer
    assert set(answers) == good | bad
    for name in good:
        assert len(answers[name].estimates) == 1 and not answers[name].HasField("failure")
    for name in bad:
        assert answers[name].failure.code == INVALID_ARGUMENT and answers[name].failure.reason == "PICTURE_FORMAT_UNSUPPORTED"


def test_a_30_mb_picture_beside_small_calls(host):
    noise = random.Random(1).randbytes(3200 * 3200 * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (3200, 3200), noise).save(file, "PNG", compress_level=0)
    large = file.getvalue()
    assert len(large) > 30_000_000
    call = host.open(ESTIMATE)
    import threading
    thread = threading.Thread(target=lambda: (host.message(call, Request(data=large).SerializeToString()), host.half_close(call)), daemon=True)
    thread.start()
    small = 0
    while thread.is_alive():
        host.unary("/mien.v1.Diagnostics/Echo", M["mien.v1.EchoRequest"](payload=b"x"))
        small += 1
    answer = Response.FromString(call.next(60))
    assert (answer.picture.width, answer.picture.height) == (3200, 3200) and small > 10


def test_cancelling_a_stream_leaves_the_host_ready(host):
    call = host.open(STREAM)
    for index in range(40):
        host.message(call, Request(request_id=str(index), path=str(PORTRAIT)).SerializeToString())
    host.cancel(call)
    with pytest.raises(CallFailed) as failure:
        while call.next() is not None:
            pass
    assert failure.value.code == 1
    assert len(estimate(host, path=str(PORTRAIT)).estimates) == 1


def test_host_service_tells_about_itself(host):
    info = host.unary("/mien.v1.Host/GetInfo", M["mien.v1.GetInfoRequest"](), "mien.v1.GetInfoResponse")
    assert info.pid == host.process.pid and info.processor.kernels and info.protocol_major == 1
    listed = host.unary("/mien.v1.Host/ListEstimators", M["mien.v1.ListEstimatorsRequest"](), "mien.v1.ListEstimatorsResponse").estimators
    listed = {one.id: one for one in listed}
    face, voice = listed["face-expression"], listed["voice-emotion"]
    for wide in (listed["empathic-face"], listed["empathic-voice"]):
        assert len(wide.categories) == 40 and len(wide.native_labels) == 40 + len(wide.attributes) and wide.models[1].id == wide.id
    assert face.id == "face-expression" and len(face.native_labels) == 7 and len(face.models) == 2
    assert voice.id == "voice-emotion" and len(voice.native_labels) == 7 and list(voice.dimensions) == ["valence", "arousal"]
    descriptors = host.unary("/mien.v1.Host/GetDescriptors", M["mien.v1.GetDescriptorsRequest"](), "mien.v1.GetDescriptorsResponse")
    assert descriptors.file_descriptor_set == (ROOT / "Clients/examples/mien.desc").read_bytes()


def test_health_in_grpcs_words(host):
    Check = M["grpc.health.v1.HealthCheckRequest"]
    for service in ("", "mien.v1.Estimation", "mien.v1.Host", "estimator/face-expression"):
        answer = host.unary("/grpc.health.v1.Health/Check", Check(service=service), "grpc.health.v1.HealthCheckResponse")
        assert answer.status == 1, service
    with pytest.raises(CallFailed) as failure:
        host.unary("/grpc.health.v1.Health/Check", Check(service="no.such"))
    assert failure.value.code == NOT_FOUND
    listed = host.unary("/grpc.health.v1.Health/List", M["grpc.health.v1.HealthListRequest"](), "grpc.health.v1.HealthListResponse")
    assert listed.statuses["estimator/face-expression"].status == 1
    watch = host.open("/grpc.health.v1.Health/Watch", message=Check(service="no.such").SerializeToString(), half_close=True)
    assert M["grpc.health.v1.HealthCheckResponse"].FromString(watch.next()).status == 3
    host.cancel(watch)
