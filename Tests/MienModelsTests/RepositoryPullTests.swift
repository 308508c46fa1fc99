import Foundation
@testable import MienModels
import Synchronization
import Testing

@Suite("Pulls of repositories", .timeLimit(.minutes(2)))
struct RepositoryPullTests {
    @Test("bring every file that belongs to the model, in whatever way the hub gives it", arguments: ["ok", "cut", "redirect", "elsewhere", "busy"])
    func succeed(scenario: String) async throws {
        try await withFolder { home in
            let store = try hubStore(home, scenario, "succeed-\(scenario)")
            #expect(store.list()[0].bytes == 140_000)
            #expect(store.list()[0].isApproximate)
            #expect(try await store.pull("hubbed", options: quick) == .pulled)
            #expect(try names(store) == hubbedFiles)
            #expect(try contents(store, "encoder/config.json") == Array("{\"hidden_size\": 3}\n".utf8))
            #expect(try contents(store, "heads/model_jealousy_&_envy_best.pth") == hubData(13, 30_001))
            #expect(try contents(store, "encoder/model-00002-of-00002.safetensors") == [0])
            let listing = store.list()[0]
            #expect(listing.state == .installed)
            #expect(listing.bytes == hubbedBytes)
            #expect(!listing.isApproximate)
            #expect(listing.origins.map(\.commit) == [firstCommit, firstCommit])
            #expect(listing.partialBytes == 0)
            #expect(throws: Never.self) { try store.verify("hubbed") }
            #expect(try await store.pull("hubbed", options: quick) == .alreadyInstalled)
        }
    }

    @Test("ask for pages, and then for each file once, by commit")
    func requests() async throws {
        try await withFolder { home in
            try await hubStore(home, "ok", "requests").pull("hubbed", options: quick)
            let paths = try FaultyServer.requests("requests").map(\.path)
            let tree = "api/models/o/encoder/tree/\(firstCommit)"
            #expect(paths.prefix(4) == ["api/models/o/encoder/revision/main", tree, tree, tree])
            let expected = hubbedFiles.map { "o/" + $0.replacingOccurrences(of: "/", with: "/resolve/\(firstCommit)/") }
            #expect(paths.filter { $0.contains("/resolve/") } == expected)
        }
    }

    @Test("resume a file that was cut off")
    func resume() async throws {
        try await withFolder { home in
            try await hubStore(home, "cut", "resume").pull("hubbed", options: quick)
            let ranges = try FaultyServer.requests("resume").filter { $0.path.hasSuffix("model_awe_best.pth") }.map(\.range)
            #expect(ranges == ["", "bytes=10000-"])
        }
    }

    @Test("go on after an interruption without the files that are whole")
    func continuation() async throws {
        try await withFolder { home in
            let store = try hubStore(home, "stops", "continuation")
            let error = try await failure(of: store, attempts: 1)
            for part in ["model_pride_best.pth of o/heads at \(firstCommit)", "503", "the 6 files before it are kept"] {
                #expect(error.description.contains(part), "\(part) in \(error)")
            }
            #expect(store.list()[0].partialBytes == hubbedBytes - 20_011)
            try await store.pull("hubbed", options: quick)
            let fetched = try FaultyServer.requests("continuation").map(\.path).filter { $0.contains("/resolve/") }
            #expect(fetched.filter { $0.hasSuffix("model_pride_best.pth") }.count == 2)
            #expect(fetched.count == hubbedFiles.count + 1)
            #expect(try names(store) == hubbedFiles)
        }
    }

    @Test("keep to the commit that was listed; --force fetches what is new, and only that")
    func changes() async throws {
        try await withFolder { home in
            let store = try hubStore(home, "moves", "changes")
            try await store.pull("hubbed", options: quick)
            #expect(try contents(store, "heads/model_pride_best.pth") == hubData(17, 20_011))
            let before = try FaultyServer.requests("changes").count
            var force = quick
            force.force = true
            #expect(try await store.pull("hubbed", options: force) == .pulled)
            #expect(try contents(store, "heads/model_pride_best.pth") == hubData(19, 20_011))
            #expect(store.list()[0].origins.map(\.commit) == [secondCommit, secondCommit])
            let fetched = try FaultyServer.requests("changes").dropFirst(before).map(\.path).filter { $0.contains("/resolve/") }
            #expect(fetched == ["o/heads/resolve/\(secondCommit)/model_pride_best.pth"])
            #expect(throws: Never.self) { try store.verify("hubbed") }
        }
    }

    @Test("of a pinned commit do not ask what the branch holds")
    func pinned() async throws {
        try await withFolder { home in
            let store = try hubStore(home, "ok", "pinned", revision: secondCommit)
            try await store.pull("hubbed", options: quick)
            #expect(try contents(store, "heads/model_pride_best.pth") == hubData(19, 20_011))
            #expect(try FaultyServer.requests("pinned").allSatisfy { !$0.path.contains("/revision/") })
        }
    }

    @Test("report their progress over all files")
    func progress() async throws {
        try await withFolder { home in
            let seen = SeenProgress()
            var options = quick
            options.onProgress = { progress in seen.all.withLock { $0.append(progress) } }
            try await hubStore(home, "ok", "progress").pull("hubbed", options: options)
            let all = seen.all.withLock { $0 }
            #expect(all.prefix(2).map(\.phase) == [.listing, .listing])
            let done = all.filter { $0.phase == .fileDone }
            #expect(done.map(\.file).sorted() == hubbedFiles)
            #expect(done.compactMap(\.whole?.file) == Array(1...7))
            #expect(done.last?.whole == PullProgress.Whole(file: 7, files: 7, bytes: hubbedBytes, total: hubbedBytes))
            let bytes = all.compactMap(\.whole?.bytes)
            #expect(bytes == bytes.sorted())
        }
    }

    @Test("stop when cancelled, before the next file")
    func cancel() async throws {
        try await withFolder { home in
            let store = try hubStore(home, "ok", "cancel")
            var options = quick
            // The task cancels itself, so that nothing depends on time.
            options.onProgress = { if $0.phase == .fileDone, $0.whole?.file == 2 { withUnsafeCurrentTask { $0?.cancel() } } }
            let task = Task { [options] in try await store.pull("hubbed", options: options) }
            let error = await #expect(throws: ModelStoreError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(store.list()[0].partialBytes == 50_001 + 19)
            #expect(try await store.pull("hubbed", options: quick) == .pulled)
        }
    }

    @Test("go through a proxy")
    func proxy() async throws {
        try await withFolder { home in
            // Nobody listens at the hub's own address.
            let base = "http://localhost:9/hub/ok/proxy"
            let store = try hubStore(home, "", "", environment: ["MIEN_HUB": base, "http_proxy": try FaultyServer.base.get(), "no_proxy": "", "NO_PROXY": ""])
            try await store.pull("hubbed", options: quick)
            #expect(try names(store) == hubbedFiles)
            #expect(try FaultyServer.requests("proxy").allSatisfy { $0.target.hasPrefix(base) })
        }
    }

    @Test("through a proxy to https show it the host and not the token")
    func tunnel() async throws {
        try await withFolder { home in
            let environment = ["MIEN_HUB": "https://tunnel.invalid", "HF_TOKEN": "hf_secret", "https_proxy": try FaultyServer.base.get(), "no_proxy": "", "NO_PROXY": ""]
            let store = try hubStore(home, "", "", environment: environment)
            let error = try await failure(of: store, attempts: 1)
            #expect(error.description.contains("502"), "\(error)")
            let seen = try FaultyServer.requests("tunnel")
            #expect(seen.map(\.target) == ["tunnel.invalid:443"])
            #expect(seen.map(\.authorization) == [""])
        }
    }
}
