import MienManifest
import MienMessages
import Testing

@testable import MienPlugins

@Suite("plugin.json")
struct ManifestTests {
    private static let json = """
        { "$schema": "./plugin.schema.json", "schema": 1, "id": "my-plugin", "version": "1.2", "summary": "Reads.", "licence": "MIT", "attribution": "me", "kind": "process",
          "entry": ["python3", "plugin.py"], "protocol": [1, 2],
          "files": [ { "file": "weights/a.bin", "sha256": "\(String(repeating: "0f", count: 32))" } ],
          "environment": ["OMP_NUM_THREADS"],
          "limits": { "processes": 2, "memory_mb": 500, "start_seconds": 5, "call_seconds": 7 },
          "restart": { "attempts": 3, "seconds": 60 },
          "estimators": [
            { "id": "my-faces", "version": "9", "summary": "Faces.", "categories": ["anger", "surprise"], "dimensions": ["valence"], "attributes": ["Age"],
              "native_labels": ["a", "b"], "minimum_reliability": 0.25, "uses_neutral": true, "batch": 8, "precision": "f32", "licence": "Apache-2.0", "attribution": "you", "memory_mb": 12,
              "face": { "width": 48, "height": 64, "pixels": "grey", "crop": "box", "margin": 0.1, "square": true } },
            { "id": "my-voices", "categories": ["Fear"], "voice": {} }
          ] }
        """

    private func read(_ json: String) throws(ManifestError) -> PluginManifest { try PluginManifest(Array(json.utf8), file: "plugin.json") }

    @Test("is read whole") func whole() throws {
        let manifest = try read(Self.json)
        guard case .process(let process) = manifest.kind else { return }
        #expect(manifest.id == "my-plugin" && manifest.version == "1.2" && process.entry == ["python3", "plugin.py"] && process.environment == ["OMP_NUM_THREADS"])
        #expect(process.limits.processes == 2 && process.limits.memory == 500 && process.limits.start == 5 && process.limits.call == 7)
        #expect(process.restart.attempts == 3 && process.restart.window == 60)
        #expect(manifest.files == [.init(file: "weights/a.bin", sha256: String(repeating: "0f", count: 32))])
        let faces = manifest.estimators[0], voices = manifest.estimators[1]
        #expect(faces.categories == ["Anger", "Astonishment/Surprise"] && faces.minimumReliability == 0.25 && faces.usesNeutral && faces.batch == 8 && faces.memoryBytes == 12_000_000)
        #expect(faces.input == .face(Proto.FaceInput(width: 48, height: 64, format: .gray8, crop: .box, margin: 0.1, square: true)))
        #expect(voices.version == "1.2" && voices.summary == "Reads." && voices.licence == "MIT" && voices.attribution == "me" && voices.batch == 1)
        #expect(voices.input == .voice(Proto.VoiceInput(rate: 16_000, maximumSeconds: 30)))
    }

    @Test("that is wrong is refused, with line and key", arguments: [
        ("\"schema\": 1", "\"schema\": 2", "schema", 1, "reads schema 1"), ("\"my-plugin\"", "\"My Plugin\"", "id", 1, "lower-case"),
        ("\"process\"", "\"cobol\"", "kind", 1, "is none of: process"), ("[\"python3\", \"plugin.py\"]", "[]", "entry", 2, "0 elements"),
        ("\"plugin.py\"", "7", "entry[1]", 2, "is a number"), ("[1, 2]", "[2, 3]", "protocol", 2, "speaks version 1"),
        ("weights/a.bin", "../a.bin", "files[0].file", 3, "within the manifest's folder"), ("0f0f", "0F0f", "files[0].sha256", 3, "hexadecimal"),
        ("\"OMP_NUM_THREADS\"", "\"A=B\"", "environment[0]", 4, "name of an environment variable"), ("\"processes\": 2", "\"processes\": 0", "limits.processes", 5, "from 1 to 64"),
        ("\"memory_mb\": 500", "\"memory\": 500", "limits.\"memory\"", 5, "not a key of the schema"), ("\"attempts\": 3", "\"attempts\": -1", "restart.attempts", 6, "from 0"),
        ("\"surprise\"", "\"happiness\"", "estimators[0].categories[1]", 8, "word for Elation"), ("\"surprise\"", "\"Anger\"", "estimators[0].categories", 8, "twice"),
        ("[\"valence\"]", "[\"mood\"]", "estimators[0].dimensions", 8, "known are valence, arousal, dominance"), ("\"width\": 48", "\"width\": 4", "estimators[0].face.width", 10, "from 8 to 1024"),
        ("\"crop\": \"box\"", "\"crop\": \"aligned\"", "estimators[0].face.margin", 10, "belongs to the crop box"), ("\"voice\": {}", "\"voice\": { \"rate\": 8000 }", "estimators[1].voice.rate", 11, "16000 Hz"),
        (", \"voice\": {}", "", "estimators[1]", 11, "either face or voice"), ("\"my-voices\"", "\"my-faces\"", "estimators[1].id", 11, "as that of another"),
        ("[\"Fear\"]", "[]", "estimators[1].categories", 11, "are none"), ("\"batch\": 8", "\"batch\": 0", "estimators[0].batch", 9, "from 1"),
        ("0.25", "\"x\"", "estimators[0].minimum_reliability", 9, "not a number"),
    ] as [(String, String, String, Int, String)])
    func wrong(old: String, new: String, key: String, line: Int, word: String) {
        let changed = Self.json.replacing(old, with: new, maxReplacements: 1)
        #expect(changed != Self.json)
        let error = #expect(throws: ManifestError.self) { try read(changed) }
        #expect(error?.key == key && error?.line == line && error?.message.contains(word) == true, "\(String(describing: error))")
    }

    private static let library = """
        { "schema": 1, "id": "my-plugin", "version": "1", "summary": "Reads.", "licence": "MIT", "attribution": "me", "kind": "library",
          "entry": ["libmine.so"], "abi": [1, 1],
          "estimators": [ { "id": "my-voices", "categories": ["Fear"], "voice": {} } ] }
        """

    @Test("of a library is read") func library() throws {
        #expect(try read(Self.library).kind == .library(PluginManifest.Library(file: "libmine.so")))
        #expect(try read(Self.library.replacing("libmine.so", with: "mine.dylib")).kind == .library(PluginManifest.Library(file: "mine.dylib")))
        #expect(try read(Self.library.replacing(", \"abi\": [1, 1]", with: "")).kind == .library(PluginManifest.Library(file: "libmine.so")))
    }

    @Test("of a library that is wrong is refused, with line and key", arguments: [
        ("[\"libmine.so\"]", "[]", "entry", "0 elements"), ("[\"libmine.so\"]", "[\"libmine.so\", \"x\"]", "entry", "2 elements"), ("libmine.so", "../libmine.so", "entry[0]", "library in the manifest's"),
        ("libmine.so", "lib/mine.so", "entry[0]", "library in the manifest's"), ("libmine.so", "/lib/libmine.so", "entry[0]", "library in the manifest's"), ("libmine.so", ".so", "entry[0]", "ends in .so"),
        ("libmine.so", "libmine.dll", "entry[0]", "ends in .so or .dylib"), ("[1, 1]", "[2, 3]", "abi", "speaks version 1"), ("\"abi\": [1, 1]", "\"protocol\": [1, 1]", "protocol", "belongs to plugins of the kind process"),
        ("\"abi\": [1, 1]", "\"environment\": []", "environment", "kind process"), ("\"abi\": [1, 1]", "\"limits\": {}", "limits", "kind process"), ("\"abi\": [1, 1]", "\"restart\": {}", "restart", "kind process"),
        ("\"library\"", "\"process\"", "abi", "belongs to plugins of the kind library"),
    ] as [(String, String, String, String)])
    func wrongLibrary(old: String, new: String, key: String, word: String) {
        let changed = Self.library.replacing(old, with: new, maxReplacements: 1)
        #expect(changed != Self.library)
        let error = #expect(throws: ManifestError.self) { try read(changed) }
        #expect(error?.key == key && error?.line == 2 && error?.message.contains(word) == true, "\(String(describing: error))")
    }

    @Test("that is no JSON is refused, with the line") func syntax() {
        let error = #expect(throws: ManifestError.self) { try read("{\n  \"schema\": 1,\n}") }
        #expect(error?.message.contains("line 3") == true)
    }
}
