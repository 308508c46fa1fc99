import Foundation
import MienEstimation
import MienHost
import MienMessages
import MienPlugins
import MienWire

// Whether sound would better go to a plugin's process through memory that both have than through the pipe.
//
//   media pipe|mapped|bare BYTES   a clip of that size, which is there as samples, to a confined process that adds all of them up, and its reading back: in the question, as
//                                  a process gets it that has not mapped the host's memory; in that memory; or by write and read alone
//   media-child pipe|mapped, media-pipe BYTES   the other ends

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
    var size = stat()
    let isMapped = arguments[2] == "mapped" && ProcessInfo.processInfo.environment["MIEN_MEDIA"] == "3" && fstat(3, &size) == 0
    guard let memory = isMapped ? mmap(nil, Int(size.st_size), PROT_READ, MAP_SHARED, 3, 0) : UnsafeMutableRawPointer(bitPattern: 64), memory != MAP_FAILED else { fail("cannot map the host's memory") }
    // Nobody writes to it while a question about it is open.
    nonisolated(unsafe) let mapped = UnsafeRawBufferPointer(start: memory, count: isMapped ? Int(size.st_size) : 0)
    let streams = try StandardStreams.takeOver()
    let connection = Connection(input: streams.input, output: streams.output, configuration: ConnectionConfiguration(role: .host, peerName: "bench", peerVersion: "1")) { (method) throws(CallError) in
        switch method {
        case "/mien.v1.Plugin/Describe": .immediate { _, _ in Proto.PluginDescription(id: "bench", version: "1", estimators: [estimator], mappedMedia: isMapped).encoded() }
        case "/mien.v1.Plugin/EstimateVoices": .immediate { _, bytes in
            let request = try Proto.PluginVoicesRequest(decoding: bytes)
            let value = if let span = request.mapped.first {
                sum(UnsafeRawBufferPointer(rebasing: mapped[Int(span.offset)..<Int(span.offset + span.size)]).bindMemory(to: Float.self))
            } else {
                request.clips[0].withUnsafeBytes { sum($0.bindMemory(to: Float.self)) }
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
    guard ["pipe", "mapped", "bare"].contains(arguments[2]) else { fail("\(arguments[2]) is none of pipe, mapped and bare") }
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
    let folder = FileManager.default.temporaryDirectory.appending(path: "mien-bench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try """
        { "schema": 1, "id": "bench", "version": "1", "summary": "Sums.", "licence": "Apache-2.0", "attribution": "nobody", "kind": "process",
          "entry": ["\(URL(filePath: CommandLine.arguments[0]).standardizedFileURL.path)", "media-child", "\(arguments[2])"],
          "estimators": [ { "id": "bench-voices", "categories": [], "dimensions": ["valence"], "voice": { "maximum_seconds": 600 } } ] }
        """.write(toFile: folder + "/plugin.json", atomically: false, encoding: .utf8)
    let endpoint = try PluginFolder(path: folder).endpoint(isConfined: true, log: HostLog(level: 7, descriptor: -1))
    _ = try endpoint.describe(EstimationContext())
    try answerQuestions {
        let clip = samples.withUnsafeBytes { Array($0) }
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
