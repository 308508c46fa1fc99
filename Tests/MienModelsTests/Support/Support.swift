import Foundation
import MienModels
import Synchronization
import Testing

/// A fresh folder that goes away with the test.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mien-models-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// The web server with faults, one for all tests; it ends with this process, whose end closes its stdin.
enum FaultyServer {
    static let base: Result<String, any Error> = Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-B", support("server.py")]
        let output = Pipe()
        let input = Pipe()
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        kept.withLock { $0 = (process, input) }
        var line = Data()
        while line.last != 10 {
            let byte = output.fileHandleForReading.readData(ofLength: 1)
            if byte.isEmpty { throw CocoaError(.fileReadUnknown) }
            line += byte
        }
        return "http://127.0.0.1:" + String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    private static let kept = Mutex<(Process, Pipe)?>(nil)

    struct Request: Decodable {
        /// Below the hub's base.
        var path: String
        var range: String
        var authorization: String
        /// The server's own.
        var port: Int
        /// As it stood in the request's first line.
        var target: String
    }

    /// Requests to the hub of that key, in order.
    static func requests(_ key: String) throws -> [Request] {
        let answer = try output(["curl", "-sSf", "--noproxy", "*", try base.get() + "/requests/\(key)"])
        return try JSONDecoder().decode([Request].self, from: Data(answer.utf8))
    }

    /// Range headers of the requests about `key`, in order.
    static func ranges(_ key: String) throws -> [String] {
        let answer = try output(["curl", "-sSf", try base.get() + "/log/\(key)"])
        return try JSONDecoder().decode([String].self, from: Data(answer.utf8))
    }
}

func support(_ name: String) -> String { URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).path }

/// What the server serves.
let serverData: [UInt8] = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 31 + ($0 >> 8)) }
let serverDigest = "7746f603692a686cd64102485f55a005fd9521e026974d885676c0a486c0b2ae"

@discardableResult
func output(_ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
}

/// By Python, as a second opinion.
func sha256(_ path: String) throws -> String {
    try output(["python3", "-c", "import hashlib,sys; print(hashlib.sha256(open(sys.argv[1],'rb').read()).hexdigest())", path])
}

/// A catalogue with the one model "test", of one file.
func catalogue(sources: [String], bytes: Int = serverData.count, sha256: String = serverDigest, extra: String = "", scripts: [String: [UInt8]] = [:]) throws -> ModelCatalogue {
    let json = """
        {"schema": 1, "models": [{"id": "test", "version": "1", "summary": "A test", "licence": "MIT", "attribution": "Nobody", "homepage": "https://example.org/",
          "files": [{"name": "model.bin", "bytes": \(bytes), "sha256": "\(sha256)", "sources": [\(sources.joined(separator: ", "))]\(extra)}]}]}
        """
    return try ModelCatalogue.decode(Array(json.utf8), scripts: scripts)
}

func url(_ fault: String, _ key: String) throws -> String { "{\"url\": \"\(try FaultyServer.base.get())/\(fault)/\(key)\"}" }

/// Options that do not wait long between tries.
var quick: PullOptions {
    var options = PullOptions()
    options.firstWait = .milliseconds(1)
    return options
}
