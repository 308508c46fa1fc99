import Foundation
import MienModels
import Testing

@Suite("The real models", .enabled(if: ProcessInfo.processInfo.environment["MIEN_TEST_PULL"] != nil, "set MIEN_TEST_PULL=1 to pull them from the network"))
struct RealPullTests {
    @Test("can be pulled, and verify", .timeLimit(.minutes(10)))
    func pull() async throws {
        let plugins = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Plugins")
        func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: plugins.appendingPathComponent(path))) }
        var catalogue = try ModelCatalogue.decode(bytes("FaceExpression/model.json"), scripts: ["import_hdf5.py": bytes("FaceExpression/import_hdf5.py")])
        try catalogue.merge(.decode(bytes("FaceFinding/model.json")))
        try catalogue.merge(.decode(bytes("VoiceEmotion/model.json")))
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: catalogue)
            for model in catalogue.models {
                #expect(try await store.pull(model.id) == .pulled)
                try store.verify(model.id)
            }
        }
    }
}
