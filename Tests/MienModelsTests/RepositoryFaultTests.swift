import Foundation
import MienModels
import Testing

@Suite("What a hub must not do", .timeLimit(.minutes(2)))
struct RepositoryFaultTests {
    @Test("a listing that is hostile or mistaken is refused before any head is fetched", arguments: [
        ("dots", "the path \"../model_awe_best.pth\", which no repository has"), ("rooted", "the path \"/model_awe_best.pth\""), ("control", "which no repository has"),
        ("strange", "\"model_a b_best.pth\", which is not a plain file name"), ("duplicate", "lists \"model_awe_best.pth\" twice"),
        ("folded", "two files that would both be heads/model_AWE_best.pth"), ("negative", "a size that no file has"), ("absurd", "a size that no file has"),
        ("fraction", "a size that no file has"), ("text", "a size that no file has"), ("zero", "which is empty"), ("twosizes", "gives \"model_awe_best.pth\" two sizes"),
        ("nodigest", "gives \"model_awe_best.pth\" no digest"), ("baddigest", "gives \"model_awe_best.pth\" no digest"), ("nopath", "an entry without type or path"),
        ("truncated", "is not JSON"), ("object", "is no list of files"), ("huge", "the server sends more than the 4194304 bytes of an answer about o/encoder"),
        ("endless", "has more than 100 pages"), ("nocommit", "names no commit"), ("noheads", "repository o/heads at \(firstCommit) has nothing that matches model_*_best.pth"),
        ("norepository", "the hub has no o/encoder at main (404)"), ("moved", "the hub has no config.json in o/encoder at \(firstCommit) (404)"),
    ])
    func listing(scenario: String, message: String) async throws {
        try await withFolder { home in
            let error = try await failure(of: hubStore(home, scenario, "listing-\(scenario)"))
            #expect(error.code == .sourcesFailed)
            #expect(error.description.contains(message), "\(error)")
            #expect(try FaultyServer.requests("listing-\(scenario)").allSatisfy { scenario == "moved" || !$0.path.contains("/resolve/") })
        }
    }

    @Test("files that do not fit on the disk are not begun")
    func space() async throws {
        try await withFolder { home in
            let error = try await failure(of: hubStore(home, "enormous", "enormous"))
            #expect(error.code == .diskFull)
            #expect(error.description.contains("model hubbed needs 5"), "\(error)")
            #expect(try FaultyServer.requests("enormous").allSatisfy { !$0.path.contains("/resolve/") })
        }
    }

    @Test("wrong bytes are found, of large files by SHA-256 and of plain ones by git's digest", arguments: [
        ("wronglarge", "wrong checksum of heads/model_pride_best.pth: expected SHA-256 "), ("wrongplain", "wrong checksum of encoder/config.json: expected git blob "),
    ])
    func checksum(scenario: String, message: String) async throws {
        try await withFolder { home in
            let error = try await failure(of: hubStore(home, scenario, "checksum-\(scenario)"))
            #expect(error.description.contains(message), "\(error)")
        }
    }

    @Test("a token goes to the hub and to no other host or port", arguments: tokenVariables)
    func token(variable: String) async throws {
        try await withFolder { home in
            let key = "token-\(variable)"
            let store = try hubStore(home, "token", key, environment: [variable: "hf_secret"])
            try await store.pull("hubbed", options: quick)
            #expect(Set(try FaultyServer.requests(key).map(\.authorization)) == ["Bearer hf_secret"])
        }
        try await withFolder { home in
            let key = "elsewhere-\(variable)"
            let store = try hubStore(home, "elsewhere", key, environment: [variable: "hf_secret"])
            try await store.pull("hubbed", options: quick)
            let seen = try FaultyServer.requests(key)
            // The five large files are at the other port, which is asked for nothing else.
            let ports = Dictionary(grouping: seen, by: \.port).mapValues { (requests: [FaultyServer.Request]) in requests.map(\.authorization) }
            let withoutToken = ports.values.filter { $0 == Array(repeating: "", count: 5) }
            let withToken = ports.values.filter { Set($0) == ["Bearer hf_secret"] }
            #expect(ports.count == 2)
            #expect(withoutToken.count == 1)
            #expect(withToken.count == 1)
        }
    }

    @Test("what needs a token or consent says so, and which variable to set; no message holds the token")
    func refused() async throws {
        try await withFolder { home in
            let none = try await failure(of: hubStore(home, "token", "refused-none"))
            for part in ["401 for o/encoder", "wants a token", "set HF_TOKEN", "/o/encoder"] { #expect(none.description.contains(part), "\(none)") }
            let wrong = try await failure(of: hubStore(home, "token", "refused-wrong", environment: ["HUGGING_FACE_HUB_TOKEN": "hf_other"]))
            for part in ["401 for o/encoder", "in spite of the token in HUGGING_FACE_HUB_TOKEN"] { #expect(wrong.description.contains(part), "\(wrong)") }
            let gated = try await failure(of: hubStore(home, "gated", "refused-gated", environment: ["HF_TOKEN": "hf_secret"]))
            for part in ["403 for o/encoder", "accept its terms at"] { #expect(gated.description.contains(part), "\(gated)") }
            let broken = try await failure(of: hubStore(home, "token", "refused-broken", environment: ["HF_TOKEN": "hf_secret\"\nurl = \"file:///etc/passwd"]))
            #expect(broken.description == "HF_TOKEN holds characters that no token has")
            for error in [none, wrong, gated, broken] { #expect(!error.description.contains("hf_")) }
            #expect(try FaultyServer.requests("refused-broken").isEmpty)
        }
    }

    @Test("the token is on no command line")
    func commandLine() async throws {
        try await withFolder { home in
            // A curl that writes its arguments down.
            let real = try output(["sh", "-c", "command -v curl"])
            let folder = "\(home)/bin"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("#!/bin/sh\nprintf '%s\\n' \"$@\" >>'\(home)/arguments'\nexec \(real) \"$@\"\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/curl"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/curl")
            let path = "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
            try await hubStore("\(home)/store", "token", "line", environment: ["HF_TOKEN": "hf_secret", "PATH": path]).pull("hubbed", options: quick)
            let arguments = try String(contentsOfFile: "\(home)/arguments", encoding: .utf8)
            #expect(arguments.contains("/resolve/"))
            #expect(!arguments.contains("hf_secret"))
            #expect(try output(["sh", "-c", "grep -rl hf_secret '\(home)/store' || true"]).isEmpty)
        }
    }

    @Test("an address of a hub that is none is refused without repeating it", arguments: [
        "http://example.org", "https://user:hf_pass@example.org", "ftp://x", "https://example.org/?a=b", "example.org",
    ])
    func address(base: String) async throws {
        try await withFolder { home in
            let error = try await failure(of: hubStore(home, "", "", environment: ["MIEN_HUB": base]))
            #expect(error.description == "MIEN_HUB is not an https URL without name, password and query")
        }
    }
}

private let tokenVariables = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "MIEN_HUB_TOKEN"]
