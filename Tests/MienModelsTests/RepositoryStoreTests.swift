import Foundation
@testable import MienModels
import Testing

@Suite("Installed repositories and packed models", .timeLimit(.minutes(3)))
struct RepositoryStoreTests {
    /// A store with "hubbed" imported from a folder.
    private func withImported(_ body: (ModelStore, _ source: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let source = "\(folder)/source"
            for name in hubbedFiles + ["encoder/README.md", "heads/unrelated.pth"] { try write(Array(name.utf8), to: "\(source)/\(name)") }
            let store = try hubStore("\(folder)/home", "norepository", "imported")
            try await store.importFolder(source, model: "hubbed")
            try await body(store, source)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try FileManager.default.createDirectory(atPath: String(path[..<path.lastIndex(of: "/")!]), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test("a folder is taken by names; what does not belong to the model is left")
    func imports() async throws {
        try await withImported { (store, _) async throws in
            #expect(try names(store) == hubbedFiles)
            #expect(try contents(store, "heads/model_awe_best.pth") == Array("heads/model_awe_best.pth".utf8))
            #expect(store.list()[0].state == .installed)
            #expect(store.list()[0].origins == [InstalledOrigin(repository: "o/encoder", commit: nil), InstalledOrigin(repository: "o/heads", commit: nil)])
            #expect(throws: Never.self) { try store.verify("hubbed") }
        }
    }

    @Test("a folder that lacks something is refused, and so are other ways to import")
    func refusesImports() async throws {
        try await withFolder { folder in
            let store = try hubStore("\(folder)/home", "ok", "refuses")
            func expect(_ message: String, _ body: () async throws -> Void) async {
                let error = await #expect(throws: ModelStoreError.self) { try await body() }
                #expect(error?.code == .wrongFile)
                #expect(error?.description == message)
            }
            await expect("\(folder) has no folder encoder, which model hubbed needs") { try await store.importFolder(folder, model: "hubbed") }
            try write([1], to: "\(folder)/encoder/model.safetensors")
            await expect("\(folder)/encoder has nothing that matches config.json, which is required") { try await store.importFolder(folder, model: "hubbed") }
            try write([], to: "\(folder)/encoder/config.json")
            await expect("\(folder)/encoder/config.json is empty or not a file") { try await store.importFolder(folder, model: "hubbed") }
            await expect("the files of model hubbed are known by name: mien models import hubbed --folder DIR") { try await store.importFiles([folder], model: "hubbed") }
            await expect("model packed is made on this machine: mien models pull hubbed, then mien models pack packed") { try await store.importFiles([folder], model: "packed") }
            await expect("model packed is made on this machine: mien models pull hubbed, then mien models pack packed") { try await store.importFolder(folder, model: "packed") }
            let plain = ModelStore(home: "\(folder)/home", catalogue: try catalogue(sources: []))
            await expect("the files of model test are known by digest: mien models import test PATH") { try await plain.importFolder(folder, model: "test") }
        }
    }

    @Test("damage is found and told with the command that mends it, which fetches what is damaged only")
    func damage() async throws {
        try await withFolder { home in
            let store = try hubStore(home, "ok", "damage")
            try await store.pull("hubbed", options: quick)
            let path = try store.path(model: "hubbed", file: "encoder/config.json")
            try write(Array("{\"hidden_size\": 4}\n".utf8), to: path)
            #expect(throws: ModelStoreError.self) { try store.files(of: "hubbed") }
            let error = #expect(throws: ModelStoreError.self) { try store.verify("hubbed") }
            #expect(error?.code == .damaged)
            for part in ["wrong checksum of encoder/config.json: expected SHA-256 ", "run: mien models pull --force hubbed"] {
                #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
            }
            // The other files are still good for use.
            #expect(throws: Never.self) { try store.path(model: "hubbed", file: "heads/model_awe_best.pth") }
            #expect(try await store.pull("hubbed", options: quick) == .pulled)
            let fetched = try FaultyServer.requests("damage").map(\.path).filter { $0.contains("/resolve/") }
            #expect(fetched.dropFirst(7) == ["o/encoder/resolve/\(firstCommit)/config.json"])
            #expect(throws: Never.self) { try store.verify("hubbed") }
            try FileManager.default.removeItem(atPath: path)
            let missing = #expect(throws: ModelStoreError.self) { try store.path(model: "hubbed", file: "encoder/config.json") }
            #expect(missing?.description.contains("wrong size of encoder/config.json: expected 19 bytes, found 0") == true)
        }
    }

    @Test("a record that is lost or names what is not the model's is not believed", arguments: [
        ("../../../secret", "names \"../../../secret\""), ("heads/../x_best.pth", "names \"heads/../x_best.pth\""),
        ("heads/other.bin", "names \"heads/other.bin\""), ("", "missing or cannot be read"),
    ])
    func record(name: String, message: String) async throws {
        try await withImported { (store, _) async throws in
            let record = "\(store.list()[0].folder)/installed.json"
            let old = try String(contentsOfFile: record, encoding: .utf8)
            let changed = old.replacingOccurrences(of: "heads/model_awe_best.pth", with: name).replacingOccurrences(of: "heads\\/model_awe_best.pth", with: name)
            try write(Array((name.isEmpty ? "{" : changed).utf8), to: record)
            let uses: [() throws -> Void] = [{ try store.verify("hubbed") }, { _ = try store.files(of: "hubbed") }, { _ = try store.path(model: "hubbed", file: name) }]
            for body in uses {
                let error = #expect(throws: ModelStoreError.self) { try body() }
                #expect(error?.code == .damaged)
                #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
            }
            guard case .damaged = store.list()[0].state else { Issue.record("listed as sound"); return }
        }
    }

    @Test("removing leaves nothing")
    func removes() async throws {
        try await withImported { (store, source) async throws in
            #expect(try await store.remove("hubbed"))
            #expect(store.list()[0].state == .absent)
            #expect(throws: ModelStoreError(.notInstalled, "model hubbed is missing; run: mien models pull hubbed")) { try store.files(of: "hubbed") }
            #expect(throws: ModelStoreError(.notInstalled, "model hubbed is missing; run: mien models pull hubbed")) { try store.path(model: "hubbed", file: "x") }
            #expect(FileManager.default.fileExists(atPath: "\(source)/heads/model_awe_best.pth"))
        }
    }

    @Test("a packed model is made and not pulled, and is replaced at once")
    func packed() async throws {
        try await withImported { (store, _) async throws in
            try await store.remove("hubbed")
            #expect(store.list()[1].advice == "mien models pull hubbed, then mien models pack packed")
            let pull = await #expect(throws: ModelStoreError.self) { try await store.pull("packed") }
            #expect(pull?.description == "model packed is made on this machine: mien models pull hubbed, then mien models pack packed")
            #expect(throws: ModelStoreError(.notInstalled, "model packed is missing; run: mien models pull hubbed, then mien models pack packed")) {
                try store.path(model: "packed", file: "model.mien")
            }
            #expect(store.list()[1].bytes == nil)
            let nothing = await #expect(throws: ModelStoreError.self) { try await store.installPacked("packed") }
            #expect(nothing?.description.hasSuffix("is empty or missing") == true)
            for bytes in [[UInt8](repeating: 1, count: 1_001), [2, 3]] {
                try write(bytes, to: try store.packedStagingPath("packed"))
                #expect(store.list()[1].partialBytes == bytes.count)
                try await store.installPacked("packed")
                let path = try store.path(model: "packed", file: "model.mien")
                let expected = try store.packedPath("packed")
                #expect(path == expected)
                #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
                #expect(store.list()[1].bytes == bytes.count)
                #expect(store.list()[1].partialBytes == 0)
                #expect(store.list()[1].state == .installed)
                #expect(throws: Never.self) { try store.verify("packed") }
            }
            try write([2, 4], to: try store.packedPath("packed"))
            let damaged = #expect(throws: ModelStoreError.self) { try store.path(model: "packed", file: "model.mien") }
            #expect(damaged?.description.hasSuffix("run: mien models pull hubbed, then mien models pack packed") == true)
            #expect(try await store.remove("packed"))
            #expect(store.list()[1].state == .absent)
        }
    }

    @Test("with a source at hand packing is all that is advised; other models are not packed")
    func advice() async throws {
        try await withImported { (store, _) async throws in
            #expect(store.list()[1].advice == "mien models pack packed")
            #expect(try store.packedSources("packed") == ["hubbed", "other"])
            #expect(throws: ModelStoreError(.unknownModel, "model hubbed is pulled and not packed")) { try store.packedPath("hubbed") }
            #expect(throws: ModelStoreError(.unknownModel, "model hubbed is pulled and not packed")) { try store.packedStagingPath("hubbed") }
        }
    }

    @Test("a star stands for any characters of one name", arguments: [
        ("model_*_best.pth", "model_awe_best.pth", true), ("model_*_best.pth", "model__best.pth", true), ("model_*_best.pth", "model_best.pth", false),
        ("model_*_best.pth", "x/model_awe_best.pth", false), ("model_*_best.pth", "model_a/b_best.pth", false),
        ("*", "x", true), ("*", ".hidden", false), ("*", "a/b", false),
        ("a*b*c", "abc", true), ("a*b*c", "aXbXbXc", true), ("a*b*c", "aXbXbX", false), ("x/*.bin", "x/1.bin", true), ("x/*.bin", "y/1.bin", false),
        ("config.json", "config.json", true),
        ("config.json", "config.json5", false), ("a*a*a*a*a*a*b", String(repeating: "a", count: 500), false),
    ])
    func globs(pattern: String, path: String, matches: Bool) {
        #expect(Glob(pattern).matches(path) == matches)
    }

    @Test("the next page is what the Link header calls so, whatever its host", arguments: [
        ("<https://a.example/x?cursor=1>; rel=\"next\"", "cursor=1"), ("<https://a/?p=1>; rel=\"prev\", </x?p=3>; rel=next", "p=3"), ("<https://a/?p=1>; rel=\"prev\"", nil),
        ("<https://a/?p=1>", nil), ("", nil), ("<", nil), ("<https://a/?p=1>; title=\"x\"; rel=\"next\", <b>", "p=1"),
    ])
    func links(link: String, query: String?) throws {
        #expect(try HubListing.next(link: link, of: "o/n") == query)
    }

    @Test("a next page without a plain query is refused", arguments: [
        "<https://a/x>; rel=\"next\"", "<https://a/?a b>; rel=\"next\"", "<?>; rel=\"next\"", "<https://a/?a#b>; rel=\"next\"",
    ])
    func badLinks(link: String) {
        #expect(throws: ModelStoreError.self) { try HubListing.next(link: link, of: "o/n") }
    }

    @Test("git's digest is git's")
    func gitDigest() async throws {
        try await withFolder { folder in
            for size in [0, 1, 64, 262_145] {
                try write([UInt8](repeating: 65, count: size), to: "\(folder)/file")
                let expected = try output(["git", "hash-object", "\(folder)/file"])
                #expect(try Digest.gitBlob("\(folder)/file", bytes: size) == expected)
            }
        }
    }
}
