"""What `mien plugins new --lang swift` begins: the interface in Swift, and a library as a process by it."""
import hashlib
import json
import shutil
import signal
import subprocess
import time

import pytest

from plugin_client import Library, needs_swift, readings, values, voices
from wire_client import CallFailed, M, mien_command

pytestmark = needs_swift
CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, FAILED_PRECONDITION, INTERNAL = 1, 3, 4, 9, 13

# A clip's length tells what becomes of it.
SWIFT = r"""
import Foundation
import Synchronization

let plugin = Plugin(id: "my-own", version: "0.1", estimators: [Everything.self])

final class Everything: VoiceEstimator {
    static let id = "my-own"
    private let host: Host
    private let weight: Float
    private let seen = Mutex<[String: Int]>([:])

    init(host: Host) throws {
        self.host = host
        let text = String(decoding: try host.file("weight"), as: UTF8.self)
        guard let weight = Float(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw Failure("\(text) is no weight") }
        self.weight = weight
        do { _ = try host.file("nowhere") } catch { host.log("\(error)") }
    }

    func read(_ clip: Clip, of question: Question) throws -> Reading {
        if clip.samples.count < 1000 { throw Failure("a clip of \(clip.samples.count) samples says nothing, \(String(repeating: "é", count: 2000))") }
        if clip.samples.count == 1000 { return Reading(categories: [String(repeating: "x", count: 501): 1]) }
        while clip.samples.count == 2000 { try question.checkCancellation() }
        let times = seen.withLock { $0["\(clip.samples.count)", default: 0] += 1; return $0.values.reduce(0, +) }
        return Reading(categories: question.categories.contains("Anger") ? ["Anger": weight] : [:],
                       attributes: [Attribute(name: "Times", value: Float(times), range: 0...1000, meaning: "times", lowEnd: "seldom", highEnd: "often")],
                       nativeScores: [("a", question.neutral["a"] ?? -1), ("b", 2)], warnings: [("HEARD", "It was heard.")])
    }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swift") / "my-own"
    subprocess.run([mien_command(), "plugins", "new", "my-own", "--lang", "swift"], cwd=folder.parent, check=True, timeout=90)
    (folder / "weight").write_text("0.25\n")
    manifest = json.loads((folder / "plugin.json").read_text())
    manifest["files"] = [dict(file="weight", sha256=hashlib.sha256(b"0.25\n").hexdigest())]
    manifest["estimators"] = [dict(id="my-own", categories=["Anger", "Fear"], attributes=["Times"], native_labels=["a", "b"], uses_neutral=True, voice=dict(maximum_seconds=1))]
    (folder / "plugin.json").write_text(json.dumps(manifest))
    code = folder / "Sources/MyOwnPlugin/Plugin.swift"
    line = code.read_text().splitlines()[2].lstrip("/ ")
    code.write_text(SWIFT)
    subprocess.run(["bash", "-ec", line], cwd=folder, check=True, timeout=90)
    return folder


@pytest.fixture
def plugin(folder):
    with Library(folder) as plugin:
        yield plugin


def ask(plugin, count, timeout=None, **fields):
    return plugin.begin("EstimateVoices", voices("my-own", [0.1] * count, **fields), timeout=timeout)


def failure(call):
    with pytest.raises(CallFailed) as failure:
        readings(call)
    return failure.value


def test_it_brings_a_runtime_of_its_own(folder):
    exported = subprocess.run(["nm", "-D", "--defined-only", folder / "libmy-own.so"], check=True, capture_output=True, text=True).stdout
    needed = subprocess.run(["nm", "-D", "--undefined-only", folder / "libmy-own.so"], check=True, capture_output=True, text=True).stdout
    assert "mien_plugin_entry" in exported and "swift_" not in exported and "swift_" not in needed
    # Its threads and destructors would be called after it has gone.
    assert "NODELETE" in subprocess.run(["readelf", "-d", folder / "libmy-own.so"], check=True, capture_output=True, text=True).stdout


def test_all_that_a_reading_has(plugin):
    for times in (1, 2):
        reading, = readings(ask(plugin, 3000, categories=["Anger"], neutral=[M["mien.v1.NativeScore"](label="a", score=0.5)]))
        assert values(reading.categories) == {"Anger": 0.25} and values(reading.attributes) == {"Times": times} and reading.attributes[0].low_end == "seldom"
        assert [(one.label, one.score) for one in reading.native_scores] == [("a", 0.5), ("b", 2)] and reading.warnings[0].reason == "HEARD"
    assert not readings(ask(plugin, 3000))[0].categories


def test_errors_are_told(plugin):
    one = failure(ask(plugin, 5))
    assert one.code == INTERNAL and one.info.reason == "PLUGIN_ERROR" and "a clip of 5 samples says nothing, ééé" in one.message
    assert 'the host does not take the category "xxx' in failure(ask(plugin, 1000)).message
    assert readings(ask(plugin, 3000))
    assert b'"nowhere" is none of the files in plugin.json' in plugin.stderr_text


def test_nothing_comes_that_the_manifest_does_not_announce(plugin):
    for clips in ([], [[0.1], [0.1]], [[0.1] * 16_001]):
        assert failure(plugin.hear("my-own", *clips)).code == INVALID_ARGUMENT
    assert plugin.heard("my-own", [0.1] * 16_000)


def test_loading_may_fail(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other", ignore=shutil.ignore_patterns(".build"))
    (other / "weight").write_text("heavy")
    (other / "plugin.json").write_text((other / "plugin.json").read_text().replace(hashlib.sha256(b"0.25\n").hexdigest(), hashlib.sha256(b"heavy").hexdigest()))
    with Library(other) as plugin:
        one = failure(ask(plugin, 3000))
        assert one.code == FAILED_PRECONDITION and "heavy is no weight" in one.message


def test_it_hears_that_nobody_waits(plugin):
    waits = ask(plugin, 2000)
    plugin.cancel(waits)
    assert failure(waits).code == CANCELLED
    # More than there are threads: the loops have ended.
    for call in [ask(plugin, 2000, timeout=0.05) for _ in range(10)]:
        assert failure(call).code == DEADLINE_EXCEEDED
    assert readings(ask(plugin, 3000))


def test_it_ends_in_the_middle_of_a_question(plugin):
    ask(plugin, 2000)
    time.sleep(0.2)
    plugin.process.send_signal(signal.SIGTERM)
    assert plugin.process.wait(10) == 0
