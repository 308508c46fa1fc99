import Foundation
import MienEstimation
import MienHost
import MienMessages
import MienPlugins
import MienWire

// Whether sound would better go to a plugin's process through memory that both have than through the pipe.
//
//   media pipe|shared|bare BYTES   a clip of that size, which is there as samples, to a confined process that adds all of them up, and its reading back: in the question, as
//                                  the host does it; written to a file in memory that the process has mapped, with a question that says how much there is; or by write and
//                                  read alone
//   media-child FILE BYTES, media-pipe BYTES   the other ends

private let estimator = Proto.PluginEstimator(id: "bench-voices", version: "1", summary: "Sums.", dimensions: ["valence"], input: .voice(Proto.VoiceInput(rate: 16_000, maximumSeconds: 600)),
                                              batch: 1, licence: "Apache-2.0", attribution: "nobody")

/// What a plugin does with samples at the least: it looks at each.
private func sum(_ samples: UnsafeBufferPointer<Float>) -> Float {
    var sums = SIMD8<Float>(repeating: 0), index = 0
    while index + 8 <= samples.count {
        sums += UnsafeRawPointer(samples.baseAddress! + index).loadUnaligned(as: SIMD8<Float>.self)
        index += 8
    }
    return sums.sum()
}

func serveMedia() async throws {
    let shared = try SharedMemory(arguments[2], bytes: number(3, "BYTES"), isNew: false), streams = try StandardStreams.takeOver()
    let connection = Connection(input: streams.input, output: streams.output, configuration: ConnectionConfiguration(role: .host, peerName: "bench", peerVersion: "1")) { (method) throws(CallError) in
        switch method {
        case "/mien.v1.Plugin/Describe": .immediate { _, _ in Proto.PluginDescription(id: "bench", version: "1", estimators: [estimator]).encoded() }
        case "/mien.v1.Plugin/EstimateVoices": .immediate { _, bytes in
            let clip = try Proto.PluginVoicesRequest(decoding: bytes).clips[0]
            let value = clip.withUnsafeBytes { clip in
                clip.count > 4 ? sum(clip.bindMemory(to: Float.self)) : sum(UnsafeBufferPointer(rebasing: shared.samples[..<Int(clip.load(as: UInt32.self))]))
            }
            return Proto.PluginReadings(readings: [Proto.PluginReading(dimensions: [Proto.DimensionEstimate(name: "valence", value: value)])]).encoded()
        }
        default: throw CallError(.unimplemented, "no method \(method)")
        }
    }
    connection.start()
    _ = await connection.waitUntilEnded()
}

func benchmarkMedia() throws {
    guard ["pipe", "shared", "bare"].contains(arguments[2]) else { fail("\(arguments[2]) is none of pipe, shared and bare") }
    let count = number(3, "BYTES") / MemoryLayout<Float>.stride, samples = (0..<count).map { Float($0 % 251) / 250 - 0.5 }
    let expected = samples.withUnsafeBufferPointer(sum), questions = max(5, min(100, 50_000_000 / count))
    func answerQuestions(_ ask: () throws -> Float) throws {
        func check() throws { if try ask() != expected { fail("the child has heard something else") } }
        for _ in 0..<3 { try check() }
        try answer {
            let times = try (0..<questions).map { _ in try seconds(check) * 1e3 }.sorted()
            return "{\"median_ms\": \(times[questions / 2])}"
        }
    }
    if arguments[2] == "bare" {
        let (input, output, child) = try startBare(["media-pipe", "\(count * MemoryLayout<Float>.stride)"])
        defer { child.terminate() }
        var reply = [UInt8](repeating: 0, count: 4)
        return try answerQuestions {
            samples.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty { rest = rest.dropFirst(max(write(input, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count), 0)) }
            }
            guard readWhole(output, &reply) else { fail("the other end has gone") }
            return reply.withUnsafeBytes { $0.load(as: Float.self) }
        }
    }
    // In memory wherever there is such a folder; the child finds it there too.
    let path = (FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : FileManager.default.temporaryDirectory.path) + "/mien-bench-\(UUID().uuidString)"
    let shared = try SharedMemory(path, bytes: count * MemoryLayout<Float>.stride, isNew: true)
    let folder = FileManager.default.temporaryDirectory.appending(path: "mien-bench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try """
        { "schema": 1, "id": "bench", "version": "1", "summary": "Sums.", "licence": "Apache-2.0", "attribution": "nobody", "kind": "process",
          "entry": ["\(URL(filePath: CommandLine.arguments[0]).standardizedFileURL.path)", "media-child", "\(path)", "\(shared.samples.count * MemoryLayout<Float>.stride)"],
          "estimators": [ { "id": "bench-voices", "categories": [], "dimensions": ["valence"], "voice": { "maximum_seconds": 600 } } ] }
        """.write(toFile: folder + "/plugin.json", atomically: false, encoding: .utf8)
    let endpoint = try PluginFolder(path: folder).endpoint(isConfined: true, log: HostLog(level: 7, descriptor: -1))
    _ = try endpoint.describe(EstimationContext())
    // The child has it open.
    unlink(path)
    try answerQuestions {
        let clip: [UInt8]
        if arguments[2] == "shared" {
            _ = shared.samples.update(fromContentsOf: samples)
            clip = withUnsafeBytes(of: UInt32(count), Array.init)
        } else {
            clip = samples.withUnsafeBytes(Array.init)
        }
        return try endpoint.estimateVoices(Proto.PluginVoicesRequest(estimator: "bench-voices", clips: [clip]), EstimationContext()).readings[0].dimensions[0].value
    }
}

/// Answers each clip with its sum.
func serveMediaPipe() {
    var clip = [UInt8](repeating: 0, count: number(2, "BYTES"))
    while readWhole(0, &clip) {
        let answer = clip.withUnsafeBytes { sum($0.bindMemory(to: Float.self)) }
        _ = withUnsafeBytes(of: answer) { write(1, $0.baseAddress, $0.count) }
    }
}

/// A file that is mapped as it is.
private struct SharedMemory: @unchecked Sendable {
    let samples: UnsafeMutableBufferPointer<Float>

    init(_ path: String, bytes: Int, isNew: Bool) throws {
        let file = open(path, isNew ? O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0o600)
        guard file >= 0, !isNew || ftruncate(file, off_t(bytes)) == 0 else { fail("cannot open \(path)") }
        defer { close(file) }
        guard let start = mmap(nil, bytes, isNew ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0), start != MAP_FAILED else { fail("cannot map \(path)") }
        samples = UnsafeMutableBufferPointer(start: start.bindMemory(to: Float.self, capacity: bytes / 4), count: bytes / 4)
    }
}
