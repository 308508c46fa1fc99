import Foundation
import MienModels
import Testing

@Suite("The real models", .enabled(if: ProcessInfo.processInfo.environment["MIEN_TEST_PULL"] != nil, "set MIEN_TEST_PULL=1 to pull them from the network"))
struct RealPullTests {
    @Test("can be pulled, and verify", .timeLimit(.minutes(10)))
    func pull() async throws {
        let plugin = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Plugins/FaceExpression")
        let script = Array(try Data(contentsOf: plugin.appendingPathComponent("import_hdf5.py")))
        let catalogue = try ModelCatalogue.decode(Array(try Data(contentsOf: plugin.appendingPathComponent("model.json"))), scripts: ["import_hdf5.py": script])
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: catalogue)
            for model in catalogue.models {
                #expect(try await store.pull(model.id) == .pulled)
                try store.verify(model.id)
            }
        }
    }
}
