import Foundation
import MienEstimation
import MienHost
import MienModels
import Testing

@Suite struct StoreLibraryTests {
    private static let catalogue = """
        {"schema": 1, "models": [
          {"id": "heads", "version": "1", "summary": "Some heads", "licence": "CC-BY-4.0", "attribution": "Somebody", "homepage": "https://example.org/", "optional": true,
           "repositories": [{"repo": "o/heads", "revision": "main", "folder": "heads", "files": ["model_*.pth"]}], "approximate_bytes": 1000},
          {"id": "face", "version": "2", "summary": "The packed face", "licence": "CC-BY-4.0", "attribution": "Somebody", "homepage": "https://example.org/", "packed_from": ["heads"]}]}
        """

    @Test func whatStandsInTheWayOfAPackedModelIsToldWithTheNextStep() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mien-library-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = ModelStore(home: "\(folder)/home", catalogue: try ModelCatalogue.decode(Array(Self.catalogue.utf8)))
        let library = StoreLibrary(store)
        #expect(library.facts(model: "face")?.license == "CC-BY-4.0")
        #expect(library.obstacle(model: "heads") == "model heads is missing; run: mien models pull heads")
        #expect(library.obstacle(model: "face") == "model face is missing; run: mien models pull heads, then mien models pack face")
        let missing = #expect(throws: ModelUnavailable.self) { try library.path(model: "face", file: "model.mien") }
        #expect(missing?.description == "model face is missing; run: mien models pull heads, then mien models pack face")

        try FileManager.default.createDirectory(atPath: "\(folder)/source/heads", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/source/heads/model_awe.pth"))
        try await store.importFolder("\(folder)/source", model: "heads")
        #expect(library.obstacle(model: "heads") == nil)
        #expect(try library.path(model: "heads", file: "heads/model_awe.pth").hasSuffix("/models/heads/1/heads/model_awe.pth"))
        #expect(library.obstacle(model: "face") == "model face is missing; run: mien models pack face")

        try Data([2]).write(to: URL(fileURLWithPath: try store.packedStagingPath("face")))
        try await store.installPacked("face")
        #expect(library.obstacle(model: "face") == nil)
        let packed = try store.packedPath("face")
        #expect(try library.path(model: "face", file: "model.mien") == packed)
        try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder)/home/models/face/2/installed.json"))
        #expect(library.obstacle(model: "face") == "model face: installed.json is missing or does not fit the catalogue; run: mien models pack face")
    }

    @Test func modelsThatPluginsBringAreThereBesideThoseOfTheStore() throws {
        let store = StoreLibrary(ModelStore(home: "/nonexistent", catalogue: try ModelCatalogue.decode(Array(Self.catalogue.utf8))))
        let library = ExtendedLibrary(store, adding: [ModelFacts(id: "own", version: "5", license: "MIT", attribution: "me")])
        #expect(library.facts(model: "own")?.version == "5" && library.obstacle(model: "own") == nil)
        #expect(library.facts(model: "face")?.version == "2" && library.obstacle(model: "heads") == store.obstacle(model: "heads"))
        #expect(library.facts(model: "none") == nil && library.obstacle(model: "none") == "model none is in no catalogue")
        #expect(throws: ModelUnavailable.self) { try library.path(model: "heads", file: "heads/x") }
    }
}
