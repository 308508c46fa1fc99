"""Estimators of folders with a face.json, through the real command: `--plugin`, `$MIEN_PLUGINS`, and what is said of folders that do not do."""
import hashlib
import io
import json
import os
import shutil
import subprocess

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from wire_client import ROOT, CallFailed, Client, M, mien_command

FIXTURES = ROOT / "Tests/OnnxFaceTests/Fixtures"
PORTRAIT = ROOT / "Examples/astronaut.jpg"
ESTIMATE = "/mien.v1.Estimation/EstimateFace"
Request = M["mien.v1.EstimateFaceRequest"]
FAILED_PRECONDITION, INTERNAL = 9, 13
RGB, GREY = "PIXEL_FORMAT_RGB8", "PIXEL_FORMAT_GRAY8"


def mien(*arguments, code=0, **environment):
    done = subprocess.run([mien_command(), *map(str, arguments)], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done


def face(*arguments, **options):
    return mien("face", *arguments, PORTRAIT, **options)


def plugin(folder, name="tiny", onnx=None, **changes):
    """A copy of a fixture, with other keys in its manifest: `input__height=3` is input.height."""
    folder.mkdir(parents=True)
    data = onnx or (FIXTURES / name / "face.onnx").read_bytes()
    (folder / "face.onnx").write_bytes(data)
    manifest = json.loads((FIXTURES / name / "face.json").read_text())
    manifest["model"]["sha256"] = hashlib.sha256(data).hexdigest()
    for place, value in changes.items():
        *path, key = place.split("__")
        part = manifest
        for step in path:
            part = part[step]
        part[key] = value
    (folder / "face.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module")
def host():
    with Client("--plugin", str(FIXTURES)) as client:
        yield client


def ask(host, estimator, **picture):
    request = Request(estimator=estimator, options=dict(whole_picture=True), **picture)
    return host.unary(ESTIMATE, request, "mien.v1.EstimateFaceResponse")


def raw(pixels, format):
    return dict(raw=dict(width=pixels.shape[1], height=pixels.shape[0], format=format, pixels=pixels.tobytes()))


def reference(name, pixels):
    """What ONNX Runtime gives for `[h, w, channels]`, in the input's extents, prepared in float64 as the manifest says. By the name of the output."""
    manifest = json.loads((FIXTURES / name / "face.json").read_text())["input"]
    values = ((pixels.astype(np.float64) * manifest["scale"] - manifest["mean"]) / manifest["std"]).astype(np.float32)
    session = onnxruntime.InferenceSession((FIXTURES / name / "face.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, {"input": values.transpose(2, 0, 1)[None]})))


def test_the_portrait_has_an_answer():
    answer = json.loads(face("--plugin", FIXTURES / "tiny", "--estimator", "random-tiny", "--json").stdout)
    (estimate,) = answer["estimates"]
    assert estimate["madeBy"] == {"estimator": "random-tiny", "version": "1", "models": ["centerface@1", "random-tiny@1"]}
    assert 150 < estimate["face"]["box"]["left"] < 220 and len(estimate["face"]["landmarks"]) == 5
    assert len(estimate["categories"]) == 7 and len(estimate["nativeScores"]) == 10 and len(estimate["dimensions"]) == 2
    assert estimate["quality"]["overall"] > 0.8


def test_a_table_shows_valence_and_arousal():
    text = face("--plugin", FIXTURES / "tiny", "--estimator", "random-tiny").stdout
    assert "Elation" in text and "valence +" in text and "arousal +" in text


def test_without_a_name_the_usual_estimator_answers():
    assert json.loads(face("--plugin", FIXTURES / "tiny", "--json").stdout)["estimates"][0]["madeBy"]["estimator"] == "face-expression"


def test_scores_are_those_of_onnx_runtime_over_the_wire(host):
    """Sums of some hundred products in f32."""
    pixels = np.random.default_rng(5).integers(0, 256, (32, 24, 3), dtype=np.uint8)
    (estimate,) = ask(host, "random-tiny", **raw(pixels, RGB)).estimates
    logits = reference("tiny", pixels)["logits"][0]
    powers = np.exp(logits[:8].astype(np.float64))
    assert np.allclose([s.score for s in estimate.native_scores], [*powers / powers.sum(), *logits[8:]], rtol=0, atol=2e-5)
    assert [s.label for s in estimate.native_scores][4:6] == ["Happiness", "Neutral"]
    by_name = {c.name: c for c in estimate.categories}
    assert set(by_name) == {"Anger", "Contempt", "Disgust", "Fear", "Elation", "Sadness", "Astonishment/Surprise"}
    assert by_name["Elation"].native_score == estimate.native_scores[4].score == by_name["Elation"].intensity
    assert by_name["Elation"].native_scale.maximum == 1 and not by_name["Elation"].WhichOneof("optional_probability")
    assert [(d.name, round(d.value, 4)) for d in estimate.dimensions] == [("valence", round(float(logits[8]) / 4, 4)), ("arousal", round(float(logits[9]) / 4, 4))]


def test_pictures_are_resized_as_pillow_does_it(host):
    """Pillow may go along the columns first, which can be one step of 255 apart."""
    pixels = np.random.default_rng(6).integers(0, 256, (61, 47), dtype=np.uint8)
    (estimate,) = ask(host, "random-two-heads", **raw(pixels, GREY)).estimates
    small = np.asarray(Image.fromarray(pixels).resize((16, 16), Image.Resampling.BILINEAR))[..., None]
    wanted = reference("two-heads", small)
    assert np.allclose([s.score for s in estimate.native_scores], [*wanted["affect"][0], *wanted["emotions"][0]], rtol=0, atol=5e-3)
    assert [c.name for c in estimate.categories] == [name for _, name in sorted(zip(wanted["emotions"][0], ("Elation", "Contentment")), reverse=True)]


def test_faces_of_one_picture_are_read_together(host):
    """The same face in two places: boxes and scores are those of the face alone, but for a pixel that the detector may shift them."""
    portrait = Image.open(PORTRAIT).convert("RGB")
    sheet = Image.new("RGB", (1024, 512))
    sheet.paste(portrait, (0, 0))
    sheet.paste(portrait, (512, 0))
    answer = host.unary(ESTIMATE, Request(estimator="random-tiny", **raw(np.asarray(sheet), RGB)), "mien.v1.EstimateFaceResponse")
    left, right = sorted(answer.estimates, key=lambda estimate: estimate.face.box.left)
    assert abs(right.face.box.left - left.face.box.left - 512) < 1
    assert np.allclose([s.score for s in left.native_scores], [s.score for s in right.native_scores], rtol=0, atol=0.05)


def test_plugins_are_listed_behind_what_is_built_in(host):
    listed = host.unary("/mien.v1.Host/ListEstimators", M["mien.v1.ListEstimatorsRequest"](), "mien.v1.ListEstimatorsResponse").estimators
    assert [one.id for one in listed][-4:] == ["random-channels-last", "random-overflow", "random-tiny", "random-two-heads"]
    assert listed[0].id == "face-expression"
    tiny = listed[-2]
    assert tiny.modality == M["mien.v1.EstimatorInfo"](modality="MODALITY_FACE").modality and list(tiny.dimensions) == ["valence", "arousal"]
    assert list(tiny.native_labels)[:2] == ["Anger", "Contempt"] and len(tiny.categories) == 7
    assert (tiny.models[1].id, tiny.models[1].version, tiny.models[1].license, tiny.models[1].installed) == ("random-tiny", "1", "CC0-1.0", True)
    shown = mien("info", "--plugin", FIXTURES / "tiny").stdout
    assert "random-tiny 1: loads at first use" in shown and "random-tiny 1, CC0-1.0" in shown


def test_a_plugin_can_be_loaded_at_the_start():
    with Client("--plugin", str(FIXTURES / "tiny"), "--preload", "random-tiny") as host:
        assert len(ask(host, "random-tiny", path=str(PORTRAIT)).estimates) == 1
    assert "there are: face-expression" in mien("serve", "--plugin", FIXTURES / "tiny", "--preload", "nobody", code=64).stderr


def test_numbers_that_are_not_finite_are_an_error_and_not_an_estimate(host):
    with pytest.raises(CallFailed) as failure:
        ask(host, "random-overflow", path=str(PORTRAIT))
    assert failure.value.code == INTERNAL and failure.value.info.reason == "SCORES_NOT_FINITE" and "random-overflow" in failure.value.message
    black = np.zeros((8, 8, 3), np.uint8)
    assert len(ask(host, "random-overflow", **raw(black, RGB)).estimates) == 1


def test_one_picture_that_fails_does_not_keep_the_others_from_an_answer(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "black.png")
    options = ["--plugin", FIXTURES / "overflow", "--estimator", "random-overflow", "--no-detect", "--json"]
    done = face(*options, tmp_path / "black.png", code=1)
    assert "not finite" in done.stderr and len(done.stdout.splitlines()) == 2
    face(*options, code=66)


BROKEN = {
    "unknown key": (dict(colour="rgb"), '"colour" is not a key'),
    "wrong type": (dict(input__height="32"), "input.height is not a whole number"),
    "too large": (dict(input__height=4096), "input.height is not a whole number from 8 to 1024"),
    "no such category": (dict(outputs=[dict(activation="softmax", values=[dict(label="x", category="Green")])]), "outputs[0].values[0].category"),
    "elsewhere": (dict(model__file="../face.onnx"), "model.file"),
    "absolute": (dict(model__file="/etc/hostname"), "model.file"),
    "not there": (dict(model__file="other.onnx"), "model.file names"),
}


@pytest.mark.parametrize("changes, words", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("command", [["face", PORTRAIT], ["serve"], ["info"]], ids=lambda command: command[0])
def test_a_broken_manifest_fails_the_start(tmp_path, command, changes, words):
    folder = plugin(tmp_path / "broken", **changes)
    done = mien(*command, "--plugin", FIXTURES / "tiny", "--plugin", folder, code=78)
    assert words in done.stderr and f"{folder}/face.json" in done.stderr and not done.stdout


def test_folders_without_a_plugin_fail_the_start(tmp_path):
    assert "holds no plugin.json or face.json" in face("--plugin", tmp_path, code=78).stderr
    assert "No such file" in face("--plugin", tmp_path / "none", code=78).stderr
    (tmp_path / "face.json").symlink_to(FIXTURES / "tiny/face.json")
    assert "symbolic link" in face("--plugin", tmp_path, code=78).stderr


def test_an_id_is_that_of_one_estimator(tmp_path):
    done = face("--plugin", FIXTURES / "tiny", "--plugin", plugin(tmp_path / "again"), code=78)
    assert f"id random-tiny is that of {FIXTURES}/tiny as well" in done.stderr
    for taken in ("face-expression", "centerface"):
        assert f"id {taken} is that of" in face("--plugin", plugin(tmp_path / taken, id=taken), code=78).stderr
    # The same folder again, by another name, is no second estimator.
    (tmp_path / "link").symlink_to(FIXTURES / "tiny")
    face("--plugin", FIXTURES / "tiny", "--plugin", tmp_path / "link", "--estimator", "random-tiny")


def test_of_the_environment_what_is_broken_is_reported_and_left_out(tmp_path):
    broken, same = plugin(tmp_path / "broken", version=""), plugin(tmp_path / "more/same")
    plugin(tmp_path / "more/own", id="own")
    (tmp_path / "empty").mkdir()
    folders = f"{broken}:{FIXTURES / 'tiny'}::{tmp_path / 'more'}:{tmp_path / 'none'}:{tmp_path / 'empty'}"
    with Client(environment={"MIEN_PLUGINS": folders}) as host:
        listed = host.unary("/mien.v1.Host/ListEstimators", M["mien.v1.ListEstimatorsRequest"](), "mien.v1.ListEstimatorsResponse").estimators
        assert [one.id for one in listed][-2:] == ["random-tiny", "own"]
        assert len(ask(host, "own", path=str(PORTRAIT)).estimates) == 1
        host.close_stdin()
        assert host.wait_exit() == 0
        told = [line for line in host.stderr_text.decode().splitlines() if "MIEN_PLUGINS" in line]
    assert [path in line for path, line in zip((f"{broken}/face.json:1: version", f"{same}/face.json: id", f"{tmp_path}/none"), told, strict=True)] == [True] * 3
    done = face("--estimator", "random-tiny", MIEN_PLUGINS=folders)
    assert "version" in done.stderr and "valence" in done.stdout


def test_what_is_named_comes_before_what_is_in_the_environment(tmp_path):
    own = plugin(tmp_path / "own", version="7")
    done = face("--plugin", own, "--estimator", "random-tiny", "--json", MIEN_PLUGINS=str(FIXTURES / "tiny"))
    assert json.loads(done.stdout)["estimates"][0]["madeBy"]["version"] == "7" and "left out" in done.stderr


UNUSABLE = {
    "another file": (dict(model__sha256="0" * 64), "has SHA-256"),
    "another size": (dict(input__height=40), "40 rows"),
    "another output": (dict(outputs=[dict(name="scores", activation="softmax", values=[dict(label="x", category="Awe")])]), 'names "scores"'),
    "another count": (dict(outputs=[dict(activation="softmax", values=[dict(label="x", category="Awe")])]), "[1, 1]"),
}


@pytest.mark.parametrize("changes, words", UNUSABLE.values(), ids=UNUSABLE)
def test_a_network_that_does_not_fit_is_no_estimator(tmp_path, changes, words):
    folder = plugin(tmp_path / "plugin", **changes)
    with Client("--plugin", str(folder)) as host:
        with pytest.raises(CallFailed) as failure:
            ask(host, "random-tiny", path=str(PORTRAIT))
        error = failure.value
        assert error.code == FAILED_PRECONDITION and error.info.reason == "ESTIMATOR_UNUSABLE"
        assert words in error.message and f"{folder}/face.onnx" in error.message
        listed = host.unary("/mien.v1.Host/ListEstimators", M["mien.v1.ListEstimatorsRequest"](), "mien.v1.ListEstimatorsResponse").estimators
        assert listed[-1].state == M["mien.v1.EstimatorInfo"](state="ESTIMATOR_STATE_UNAVAILABLE").state and words in listed[-1].state_detail
        assert len(ask(host, "face-expression", path=str(PORTRAIT)).estimates) == 1
    done = face("--plugin", folder, "--estimator", "random-tiny", PORTRAIT, code=69)
    assert done.stderr.count(f"mien: estimator random-tiny cannot be used: {folder}/face.onnx") == 1 and not done.stdout


def test_a_file_that_is_no_network_is_no_estimator(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    done = face("--plugin", plugin(tmp_path / "plugin", onnx=file.getvalue()), "--estimator", "random-tiny", code=69)
    assert "ONNX" in done.stderr


def test_the_example_is_a_manifest(tmp_path):
    """Of its ONNX file only the digest is missing, which is what is said."""
    for example in (ROOT / "Plugins/OnnxFace/examples").iterdir():
        shutil.copytree(example, tmp_path / example.name)
        manifest = json.loads((example / "face.json").read_text())
        assert "model.file names" in mien("info", "--plugin", tmp_path / example.name, code=78).stderr
        (tmp_path / example.name / manifest["model"]["file"]).write_bytes((FIXTURES / "tiny/face.onnx").read_bytes())
        assert manifest["id"] in mien("info", "--plugin", tmp_path / example.name).stdout
        assert "has SHA-256" in face("--plugin", tmp_path / example.name, "--estimator", manifest["id"], code=69).stderr


def test_the_documentation_shows_the_example():
    text = (ROOT / "docs/onnx-faces.md").read_text()
    shown = json.loads(text.split("```json")[1].split("```")[0])
    example = json.loads((ROOT / "Plugins/OnnxFace/examples/enet-b0-8-va-mtl/face.json").read_text())
    shown["model"]["sha256"] = example["model"]["sha256"]
    assert shown == example
