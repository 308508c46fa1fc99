import Foundation
import MienModels
import Testing

let firstCommit = String(repeating: "1", count: 40)
let secondCommit = String(repeating: "2", count: 40)
/// The files that belong to the model "hubbed", as installed.
let hubbedFiles = ["encoder/config.json", "encoder/model-00001-of-00002.safetensors", "encoder/model-00002-of-00002.safetensors", "encoder/model.safetensors.index.json",
                   "heads/model_awe_best.pth", "heads/model_jealousy_&_envy_best.pth", "heads/model_pride_best.pth"]
/// And their bytes, together.
let hubbedBytes = 19 + 50_001 + 1 + 19 + 40_003 + 30_001 + 20_011

/// A catalogue with the models "hubbed", of the two repositories that the server has, and "packed", which is made from it.
func hubCatalogue(revision: String = "main") throws -> ModelCatalogue {
    let json = """
        {"schema": 1, "models": [
          {"id": "hubbed", "version": "1", "summary": "A test", "licence": "CC-BY-4.0 AND Apache-2.0", "attribution": "Nobody", "homepage": "https://example.org/", "optional": true,
           "repositories": [
             {"repo": "o/encoder", "revision": "\(revision)", "folder": "encoder", "required": ["config.json"],
              "files": ["model.safetensors", "model.safetensors.index.json", "model-*.safetensors"]},
             {"repo": "o/heads", "revision": "\(revision)", "folder": "heads", "files": ["model_*_best.pth"]}],
           "approximate_bytes": 140000},
          {"id": "packed", "version": "2", "summary": "A test", "licence": "CC-BY-4.0", "attribution": "Nobody", "homepage": "https://example.org/", "packed_from": ["hubbed", "other"]}]}
        """
    return try ModelCatalogue.decode(Array(json.utf8))
}

/// A store whose hub is the server's, in a scenario of hub.py.
func hubStore(_ home: String, _ scenario: String, _ key: String, revision: String = "main", environment: [String: String] = [:]) throws -> ModelStore {
    let noToken = ["HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "", "MIEN_HUB_TOKEN": ""]
    let all = noToken.merging(["MIEN_HUB": try FaultyServer.base.get() + "/hub/\(scenario)/\(key)"]) { $1 }.merging(environment) { $1 }
    return ModelStore(home: home, catalogue: try hubCatalogue(revision: revision), environment: all)
}

func names(_ store: ModelStore) throws -> [String] { try store.files(of: "hubbed").map(\.name) }

func contents(_ store: ModelStore, _ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: try store.path(model: "hubbed", file: name))))
}

/// The bytes that hub.py makes from a seed.
func hubData(_ seed: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: $0 * seed + ($0 >> 8)) } }

/// The error of a pull that must fail, with nothing installed.
@discardableResult
func failure(of store: ModelStore, attempts: Int = 3, sourceLocation: SourceLocation = #_sourceLocation) async throws -> ModelStoreError {
    let options = { var options = quick; options.attempts = attempts; return options }()
    let error = await #expect(throws: ModelStoreError.self, sourceLocation: sourceLocation) { try await store.pull("hubbed", options: options) }
    #expect(store.list().first?.state == .absent, sourceLocation: sourceLocation)
    return try #require(error, sourceLocation: sourceLocation)
}
