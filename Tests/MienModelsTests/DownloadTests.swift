import Foundation
import MienModels
import Synchronization
import Testing

@Suite("Downloads", .timeLimit(.minutes(2)))
struct DownloadTests {
    private func pulled(_ store: ModelStore) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try store.path(model: "test", file: "model.bin"))))
    }

    @Test("succeed plainly, through redirects, after 429, and when cut off", arguments: ["ok", "redirect", "busy", "cut", "noranges"])
    func succeed(fault: String) async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url(fault, "succeed-\(fault)")]))
            #expect(try await store.pull("test", options: quick) == .pulled)
            #expect(try pulled(store) == serverData)
            #expect(store.list().map(\.state) == [.installed])
            #expect(store.list().map(\.partialBytes) == [0])
        }
    }

    @Test("go on where they were cut off")
    func resume() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url("cut", "resume")]))
            try await store.pull("test", options: quick)
            #expect(try FaultyServer.ranges("resume") == ["", "bytes=100000-", "bytes=200000-"])
        }
    }

    @Test("go on where an earlier pull stopped")
    func resumeLater() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url("cut", "later")]))
            var once = quick
            once.attempts = 1
            await #expect(throws: ModelStoreError.self) { try await store.pull("test", options: once) }
            #expect(store.list().map(\.partialBytes) == [100_000])
            #expect(store.list().map(\.state) == [.absent])
            try await store.pull("test", options: quick)
            #expect(try FaultyServer.ranges("later").dropFirst().first == "bytes=100000-")
        }
    }

    @Test("start again when the part kept from earlier does not belong to the rest")
    func stalePart() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url("ok", "stale")]))
            try FileManager.default.createDirectory(atPath: "\(home)/downloads/test/1", withIntermediateDirectories: true)
            try Data(count: 5_000).write(to: URL(fileURLWithPath: "\(home)/downloads/test/1/model.bin.partial"))
            try await store.pull("test", options: quick)
            #expect(try FaultyServer.ranges("stale") == ["bytes=5000-", ""])
            #expect(try pulled(store) == serverData)
        }
    }

    @Test("end in an error that says why, and leave nothing installed", arguments: [
        ("wrong", "wrong checksum of model.bin: expected SHA-256 \(serverDigest), found "), ("missing", "404"), ("down", "503"),
        ("short", "wrong size of model.bin: expected 300000 bytes, found 299993"), ("endless", "the server sends"),
    ])
    func fail(fault: String, message: String) async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url(fault, "fail-\(fault)")]))
            let error = await #expect(throws: ModelStoreError.self) { try await store.pull("test", options: quick) }
            #expect(error?.code == .sourcesFailed)
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
            #expect(store.list().map(\.state) == [.absent])
        }
    }

    @Test("try the next source when one fails, and name all that failed")
    func nextSource() async throws {
        try await withFolder { home in
            let sources = [try url("missing", "next-1"), "{\"url\": \"http://127.0.0.1:1/nobody-listens\"}", try url("wrong", "next-2")]
            let bad = ModelStore(home: home, catalogue: try catalogue(sources: sources))
            let error = await #expect(throws: ModelStoreError.self) { try await bad.pull("test", options: quick) }
            for part in ["missing/next-1", "404", "127.0.0.1:1", "wrong/next-2", "wrong checksum", "mien models import test PATH"] {
                #expect(error?.description.contains(part) == true, "\(part) in \(error?.description ?? "")")
            }
            let good = ModelStore(home: home, catalogue: try catalogue(sources: sources + [try url("ok", "next-3")]))
            #expect(try await good.pull("test", options: quick) == .pulled)
        }
    }

    @Test("build the address of a hub's file from the base that is set")
    func hub() async throws {
        try await withFolder { home in
            let source = #"{"hub": {"repo": "owner/name", "revision": "main", "path": "weights/model.bin"}}"#
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [source]), environment: ["MIEN_HUB": try FaultyServer.base.get() + "/mirror/"])
            #expect(try await store.pull("test", options: quick) == .pulled)
        }
    }

    @Test("report their progress")
    func progress() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url("ok", "progress")]))
            let seen = SeenProgress()
            var options = quick
            options.onProgress = { progress in seen.all.withLock { $0.append(progress) } }
            try await store.pull("test", options: options)
            let all = seen.all.withLock { $0 }
            #expect(all.first?.phase == .downloading)
            #expect(all.last?.phase == .fileDone)
            #expect(all.last?.bytes == 300_000)
            #expect(all.last?.total == 300_000)
            #expect(all.allSatisfy { $0.model == "test" && $0.file == "model.bin" })
        }
    }

    @Test("stop when cancelled, and keep what has arrived")
    func cancel() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url("slow", "cancel")]))
            let started = AsyncStream<Void>.makeStream()
            var options = quick
            options.onProgress = { if $0.bytes > 0 { started.continuation.yield() } }
            let task = Task { [options] in try await store.pull("test", options: options) }
            for await _ in started.stream { break }
            task.cancel()
            let error = await #expect(throws: ModelStoreError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect((1...100_000).contains(store.list()[0].partialBytes))
        }
    }

    @Test("of one model run one after the other")
    func concurrent() async throws {
        try await withFolder { home in
            let store = ModelStore(home: home, catalogue: try catalogue(sources: [try url("ok", "concurrent")]))
            let results = try await withThrowingTaskGroup(of: ModelStore.PullResult.self) { group in
                for _ in 0..<4 { group.addTask { try await store.pull("test", options: quick) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 == .pulled }.count == 1)
            #expect(try FaultyServer.ranges("concurrent").count == 1)
        }
    }
}

final class SeenProgress: Sendable {
    let all = Mutex<[PullProgress]>([])
}
