import Foundation
import MienModels
import Testing

@Suite("Model store", .timeLimit(.minutes(3)))
struct StoreTests {
    private func withInstalled(_ body: (ModelStore, _ file: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let store = ModelStore(home: "\(folder)/home", catalogue: try catalogue(sources: []))
            try Data(serverData).write(to: URL(fileURLWithPath: "\(folder)/carried-over"))
            try await store.importFiles(["\(folder)/carried-over"], model: "test")
            try await body(store, try store.path(model: "test", file: "model.bin"))
        }
    }

    @Test("a file given by the user is known by its digest")
    func imports() async throws {
        try await withInstalled { store, file in
            #expect(store.list().map(\.state) == [.installed])
            #expect(throws: Never.self) { try store.verify("test") }
            #expect(file.hasSuffix("/home/models/test/1/model.bin"))
        }
    }

    @Test("a wrong file given by the user is refused, with both digests")
    func refusesWrongFile() async throws {
        try await withFolder { folder in
            let store = ModelStore(home: folder, catalogue: try catalogue(sources: []))
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/x"))
            let error = await #expect(throws: ModelStoreError.self) { try await store.importFiles(["\(folder)/x"], model: "test") }
            #expect(error?.code == .wrongFile)
            #expect(error?.description.contains("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881") == true)
            #expect(error?.description.contains(serverDigest) == true)
            let missing = await #expect(throws: ModelStoreError.self) { try await store.importFiles([], model: "test") }
            #expect(missing?.description == "model test needs further files: model.bin")
            let absent = await #expect(throws: ModelStoreError.self) { try await store.importFiles(["\(folder)/none"], model: "test") }
            #expect(absent?.description.contains("No such file") == true)
        }
    }

    @Test("a model that is missing is told with the command that brings it")
    func missing() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: []))
            let error = #expect(throws: ModelStoreError.self) { try store.path(model: "test", file: "model.bin") }
            #expect(error == ModelStoreError(.notInstalled, "model test is missing; run: mien models pull test"))
            #expect(throws: ModelStoreError.self) { try store.verify("test") }
            #expect(try await store.remove("test") == false)
            let unknown = #expect(throws: ModelStoreError.self) { try store.path(model: "other", file: "x") }
            #expect(unknown == ModelStoreError(.unknownModel, "no model is called \"other\"; known are: test"))
        }
    }

    @Test("a change of contents is found by the next start and by verify")
    func damage() async throws {
        try await withInstalled { store, file in
            try Data(repeating: 7, count: serverData.count).write(to: URL(fileURLWithPath: file))
            let error = #expect(throws: ModelStoreError.self) { try store.path(model: "test", file: "model.bin") }
            #expect(error?.code == .damaged)
            #expect(error?.description.contains("expected SHA-256 \(serverDigest)") == true)
            #expect(throws: ModelStoreError.self) { try store.verify("test") }
            guard case .damaged = store.list()[0].state else { Issue.record("listed as sound"); return }
        }
    }

    @Test("verify hashes although size and time are unchanged")
    func silentDamage() async throws {
        try await withInstalled { store, file in
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seek(toOffset: 100)
            handle.write(Data([1, 2, 3]))
            try handle.close()
            // Sets the old time to the nanosecond only where the record compares it so; a mismatch would be found as well.
            try FileManager.default.setAttributes([.modificationDate: attributes[.modificationDate]!], ofItemAtPath: file)
            #expect(throws: ModelStoreError.self) { try store.verify("test") }
        }
    }

    @Test("a store that was copied is hashed once and then trusted again")
    func copied() async throws {
        try await withInstalled { store, file in
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: file)
            guard case .damaged = store.list()[0].state else { Issue.record("still vouched for"); return }
            #expect(try store.path(model: "test", file: "model.bin") == file)
            #expect(store.list().map(\.state) == [.installed])
        }
    }

    @Test("removing leaves nothing")
    func removes() async throws {
        try await withInstalled { store, file in
            let removed = try await store.remove("test")
            #expect(removed)
            #expect(store.list().map(\.state) == [.absent])
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test("a home that cannot be written is told")
    func unwritable() async throws {
        let store = ModelStore(home: "/proc/mien", catalogue: try catalogue(sources: [try url("ok", "unwritable")]))
        let error = await #expect(throws: ModelStoreError.self) { try await store.pull("test") }
        #expect(error?.code == .fileSystem)
        #expect(error?.description.contains("/proc/mien") == true)
    }
}
