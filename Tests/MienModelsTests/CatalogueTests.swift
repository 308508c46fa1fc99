import Foundation
import MienModels
import Testing

@Suite("Catalogue")
struct CatalogueTests {
    private static let digest = String(repeating: "a", count: 64)

    /// A sound catalogue with one piece of text replaced.
    private func decode(replacing old: String, with new: String) throws -> ModelCatalogue {
        let sound = """
            {"schema": 1, "models": [{"id": "one", "version": "1.0", "summary": "S", "licence": "MIT", "attribution": "A", "homepage": "https://example.org",
             "files": [{"name": "a.bin", "bytes": 10, "sha256": "\(Self.digest)", "sources": [
               {"url": "https://example.org/a.bin"}, {"hub": {"repo": "o/n", "revision": "main", "path": "x/a.bin"}},
               {"wheel": {"package": "p", "version": "1", "sha256": "\(Self.digest)", "member": "p/a.bin"}}],
              "convert": {"script": "c.py", "requirements": ["h5py==1.0"], "input": {"name": "b.bin", "bytes": 5, "sha256": "\(Self.digest)"}}}]}]}
            """
        #expect(sound.contains(old))
        return try ModelCatalogue.decode(Array(sound.replacingOccurrences(of: old, with: new).utf8), scripts: ["c.py": [1]])
    }

    @Test("reads every kind of entry")
    func reads() throws {
        let model = try decode(replacing: "MIT", with: "Apache-2.0").model("one")
        #expect(model.licence == "Apache-2.0")
        #expect(model.files[0].sources.count == 3)
        #expect(model.files[0].downloaded.name == "b.bin")
        #expect(model.files[0].conversion?.program == [1])
        #expect(model.totalBytes == 10)
        #expect(!model.isOptional)
        #expect(try decode(replacing: "\"licence\"", with: "\"optional\": true, \"licence\"").model("one").isOptional)
    }

    @Test("refuses what is hostile or mistaken, and says where", arguments: [
        ("\"one\"", "\"../one\"", "models[0].id"), ("\"one\"", "\"a/b\"", "models[0].id"), ("\"one\"", "\"\"", "models[0].id"), ("\"one\"", "\"-rf\"", "models[0].id"),
        ("\"1.0\"", "\"..\"", "models[0].version"), ("\"1.0\"", "\"1/0\"", "models[0].version"), ("\"1.0\"", "1", "models[0].version is a number"),
        ("\"a.bin\"", "\"../a.bin\"", "files[0].name"), ("\"a.bin\"", "\"/etc/passwd\"", "files[0].name"), ("\"a.bin\"", "\".hidden\"", "files[0].name"),
        ("\"a.bin\"", "\"installed.json\"", "files[0].name"), ("\"a.bin\"", "\"a\\u0000b\"", "files[0].name"), ("\"a.bin\"", "\"x.partial\"", "files[0].name"),
        ("\"a.bin\"", "\"b.bin\"", "input.name"), ("\"a.bin\"", "\"B.BIN\"", "files"),
        ("10,", "0,", "bytes"), ("10,", "-1,", "bytes"), ("10,", "1e300,", "bytes"), ("10,", "\"10\",", "bytes"), ("10,", "1.5,", "bytes"),
        ("\"sha256\": \"\(String(repeating: "a", count: 64))\", \"sources\"", "\"sha256\": \"abc\", \"sources\"", "sha256"),
        ("https://example.org/a.bin", "http://example.org/a.bin", "sources[0].url"), ("https://example.org/a.bin", "file:///etc/passwd", "sources[0].url"),
        ("https://example.org/a.bin", "https://user@example.org/a.bin", "sources[0].url"), ("https://example.org/a.bin", "https://example.org/a b", "sources[0].url"),
        ("\"o/n\"", "\"o/../n\"", "hub.repo"), ("x/a.bin", "../a.bin", "hub.path"), ("x/a.bin", "/a.bin", "hub.path"),
        ("\"p\"", "\"--index-url\"", "wheel.package"), ("p/a.bin", "p/../../a.bin", "wheel.member"), ("h5py==1.0", "h5py", "requirements[0]"),
        ("h5py==1.0", "--index-url=http://x==1", "requirements[0]"), ("\"c.py\"", "\"d.py\"", "names d.py"), ("\"schema\": 1", "\"schema\": 2", "schema is 2"),
        ("\"licence\"", "\"license\"", "\"license\" is not a key"), ("{\"url\": \"https://example.org/a.bin\"}", "{}", "exactly one of"), ("[{\"id\"", "[{\"id\"]", "line 1"),
        ("\"S\"", "\"a\\u001bb\"", "summary"), ("\"licence\"", "\"optional\": 1, \"licence\"", "optional is a number"),
    ])
    func refuses(old: String, new: String, place: String) {
        let error = #expect(throws: ModelStoreError.self) { try decode(replacing: old, with: new) }
        #expect(error?.code == .badCatalogue)
        #expect(error?.description.contains(place) == true, "\(error?.description ?? "")")
    }

    /// A sound catalogue of a repository model and a packed one, with one piece of text replaced.
    private func decodeRepositories(replacing old: String, with new: String) throws -> ModelCatalogue {
        let common = #""version": "1", "summary": "S", "licence": "CC-BY-4.0 AND Apache-2.0", "attribution": "A", "homepage": "https://example.org","#
        let sound = """
            {"schema": 1, "models": [{"id": "one", \(common) "repositories": [
               {"repo": "o/n", "revision": "main", "folder": "encoder", "files": ["x/model-*.bin", "model_&_*"], "required": ["config.json"]},
               {"repo": "o/m", "revision": "\(String(repeating: "c", count: 40))", "folder": "heads", "files": ["a*"]}], "approximate_bytes": 7},
              {"id": "two", \(common) "packed_from": ["one"]}]}
            """
        #expect(sound.contains(old))
        return try ModelCatalogue.decode(Array(sound.replacingOccurrences(of: old, with: new).utf8))
    }

    @Test("reads repositories and packed models")
    func readsRepositories() throws {
        let catalogue = try decodeRepositories(replacing: "\"S\"", with: "\"T\"")
        guard case .repositories(let repositories, let bytes) = try catalogue.model("one").contents else { Issue.record("no repositories"); return }
        #expect(repositories.map(\.name) == ["o/n", "o/m"])
        #expect(repositories.map(\.folder) == ["encoder", "heads"])
        #expect(repositories[0].files.map(\.pattern) == ["x/model-*.bin", "model_&_*"])
        #expect(repositories[0].required.map(\.pattern) == ["config.json"])
        #expect(bytes == 7)
        #expect(try catalogue.model("one").totalBytes == 7)
        #expect(try catalogue.model("two").contents == .packed(from: ["one"]))
        #expect(try catalogue.model("two").totalBytes == nil)
    }

    @Test("refuses what is hostile or mistaken in them, and says where", arguments: [
        ("\"o/n\"", "\"n\"", "repositories[0].repo"), ("\"main\"", "\"a/b\"", "repositories[0].revision"), ("\"encoder\"", "\"..\"", "repositories[0].folder"),
        ("\"encoder\"", "\"a/b\"", "repositories[0].folder"), ("\"encoder\"", "\"HEADS\"", "repositories[1].folder is that of another"), ("x/model-*.bin", "../model", "files[0]"),
        ("x/model-*.bin", "/model", "files[0]"), ("x/model-*.bin", "x/**/model", "files[0]"), ("x/model-*.bin", "[a]", "files[0]"), ("x/model-*.bin", ".git*", "files[0]"),
        ("[\"config.json\"]", "[]", "required is empty"), ("[\"a*\"]", "[]", "files is empty"), ("\"approximate_bytes\": 7", "\"optional\": true", "approximate_bytes is missing"),
        ("\"approximate_bytes\": 7", "\"approximate_bytes\": 0", "approximate_bytes"), ("\"approximate_bytes\": 7", "\"approximate_bytes\": 7, \"files\": []", "must have exactly one of"),
        ("\"packed_from\": [\"one\"]", "\"packed_from\": []", "packed_from is empty"), ("\"packed_from\": [\"one\"]", "\"packed_from\": [\"../x\"]", "packed_from[0]"),
        ("\"packed_from\"", "\"approximate_bytes\": 1, \"packed_from\"", "approximate_bytes belongs to repositories only"), ("\"required\"", "\"needed\"", "\"needed\" is not a key"),
    ])
    func refusesRepositories(old: String, new: String, place: String) {
        let error = #expect(throws: ModelStoreError.self) { try decodeRepositories(replacing: old, with: new) }
        #expect(error?.code == .badCatalogue)
        #expect(error?.description.contains(place) == true, "\(error?.description ?? "")")
    }

    @Test("refuses one id twice")
    func twice() throws {
        var catalogue = try decode(replacing: "MIT", with: "MIT")
        let other = try decode(replacing: "\"1.0\"", with: "\"2.0\"")
        let error = #expect(throws: ModelStoreError.self) { try catalogue.merge(other) }
        #expect(error?.description == "model one is in the catalogue twice, in versions 1.0 and 2.0")
    }

    @Test("the catalogues of the plugins here are sound")
    func ours() throws {
        let plugins = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Plugins")
        var catalogue = ModelCatalogue()
        for plugin in try FileManager.default.contentsOfDirectory(at: plugins, includingPropertiesForKeys: nil) {
            let files = try FileManager.default.contentsOfDirectory(at: plugin, includingPropertiesForKeys: nil)
            var scripts: [String: [UInt8]] = [:]
            for file in files where file.pathExtension == "py" { scripts[file.lastPathComponent] = Array(try Data(contentsOf: file)) }
            for file in files where file.lastPathComponent.hasSuffix("model.json") {
                let origin = "\(plugin.lastPathComponent)/\(file.lastPathComponent)"
                try catalogue.merge(ModelCatalogue.decode(Array(try Data(contentsOf: file)), scripts: scripts, origin: origin))
            }
        }
        for model in catalogue.models {
            guard case .packed(let sources) = model.contents else { continue }
            for source in sources { #expect(throws: Never.self, "\(model.id) is packed from \(source)") { try catalogue.model(source) } }
        }
        #expect(Set(catalogue.models.map(\.id)).isSuperset(of: ["centerface", "fer-mini-xception", "silero-vad", "whisper-tiny-en"]))
    }
}
