import Foundation
import MienEstimation
import MienHost
import MienMessages
import MienPlugins
import MienWire

// What it costs to ask a plugin in a process of its own, beside a bare pair of pipes to a process that answers as many bytes.
//
//   plugin process            one face of 48 x 48 pixels and one reading, through the endpoint that the host uses, with confinement
//   plugin library            the same face to a library in this process, built with cc
//   plugin bare               the same number of bytes each way, by write and read alone
//   plugin neighbour          as "process", while another plugin is killed every 100 ms
//   plugin-child, pipe-child  the other ends

private let side = 48
private let description = Proto.PluginDescription(id: "bench", version: "1", estimators: [
    Proto.PluginEstimator(id: "bench-faces", version: "1", summary: "Sums.", categories: ["Anger"], input: .face(Proto.FaceInput(width: 48, height: 48, format: .gray8, crop: .box)),
                          batch: 1, licence: "Apache-2.0", attribution: "nobody"),
])

/// Serves the contract, with hardly any work.
func servePlugin() async throws {
    let streams = try StandardStreams.takeOver()
    let connection = Connection(input: streams.input, output: streams.output, configuration: ConnectionConfiguration(role: .host, peerName: "bench", peerVersion: "1")) { (method) throws(CallError) in
        switch method {
        case "/mien.v1.Plugin/Describe": .immediate { _, _ in description.encoded() }
        case "/mien.v1.Plugin/Warm": .immediate { _, _ in Proto.WarmPluginResponse().encoded() }
        case "/mien.v1.Plugin/EstimateFaces": .immediate { _, bytes in
            let face = try Proto.PluginFacesRequest(decoding: bytes).faces[0]
            let sum = face.reduce(0) { $0 + Int($1) }
            return Proto.PluginReadings(readings: [Proto.PluginReading(categories: [Proto.CategoryEstimate(name: "Anger", intensity: Float(sum) / Float(255 * face.count))])]).encoded()
        }
        default: throw CallError(.unimplemented, "no method \(method)")
        }
    }
    connection.start()
    _ = await connection.waitUntilEnded()
}

/// Answers each face with 20 bytes.
func servePipe() {
    var face = [UInt8](repeating: 0, count: side * side)
    while readWhole(0, &face) {
        let answer = [UInt8](repeating: 1, count: 20)
        _ = write(1, answer, answer.count)
    }
}

func readWhole(_ descriptor: CInt, _ bytes: inout [UInt8]) -> Bool {
    var filled = 0
    while filled < bytes.count {
        let room = bytes.count - filled
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, room) }
        guard count > 0 else { return false }
        filled += count
    }
    return true
}

/// This program as the other end of a bare pair of pipes.
func startBare(_ arguments: [String]) throws -> (input: CInt, output: CInt, child: Process) {
    let pipes = try (0..<2).map { _ in try MienWire.Pipe() }
    let child = Process()
    child.executableURL = URL(filePath: CommandLine.arguments[0])
    child.arguments = arguments
    child.standardInput = FileHandle(fileDescriptor: pipes[0].readEnd)
    child.standardOutput = FileHandle(fileDescriptor: pipes[1].writeEnd)
    try child.run()
    return (pipes[0].takeWriteEnd(), pipes[1].takeReadEnd(), child)
}

func benchmarkPlugin() throws {
    guard ["process", "library", "bare", "neighbour"].contains(arguments[2]) else { fail("\(arguments[2]) is none of process, library, bare and neighbour") }
    let questions = 2000, face = (0..<side * side).map { UInt8(truncatingIfNeeded: $0 * 7) }
    func answerQuestions(_ ask: () throws -> Void) throws {
        for _ in 0..<50 { try ask() }
        try answer {
            let times = try (0..<questions).map { _ in try seconds(ask) * 1e6 }.sorted()
            return "{\"median_us\": \(times[questions / 2]), \"p99_us\": \(times[questions * 99 / 100])}"
        }
    }
    if arguments[2] == "bare" {
        let (input, output, child) = try startBare(["pipe-child"])
        defer { child.terminate() }
        var reply = [UInt8](repeating: 0, count: 20)
        return try answerQuestions {
            _ = write(input, face, face.count)
            guard readWhole(output, &reply) else { fail("the other end has gone") }
        }
    }
    let plugin = try arguments[2] == "library" ? BenchPlugin.library() : BenchPlugin(restarts: 5)
    // Before the killer looks for its victims.
    _ = try plugin.endpoint.describe(EstimationContext())
    if arguments[2] == "neighbour" { try BenchPlugin(restarts: 1000).sufferForever() }
    let request = Proto.PluginFacesRequest(estimator: "bench-faces", faces: [face])
    try answerQuestions { _ = try plugin.endpoint.estimateFaces(request, EstimationContext()) }
}

/// A plugin that hardly does anything.
private struct BenchPlugin {
    let endpoint: any PluginEndpoint

    /// This program as a plugin.
    init(restarts: Int) throws {
        let program = URL(filePath: CommandLine.arguments[0]).standardizedFileURL.path
        try self.init(in: Self.folder(), """
            "kind": "process", "entry": ["\(program)", "plugin-child"], "restart": { "attempts": \(restarts), "seconds": 1 }
            """)
    }

    private init(in folder: String, _ keys: String) throws {
        try """
            { "schema": 1, "id": "bench", "version": "1", "summary": "Sums.", "licence": "Apache-2.0", "attribution": "nobody", \(keys),
              "estimators": [ { "id": "bench-faces", "categories": ["Anger"], "face": { "width": 48, "height": 48, "pixels": "grey", "crop": "box" } } ] }
            """.write(toFile: folder + "/plugin.json", atomically: false, encoding: .utf8)
        endpoint = try PluginFolder(path: folder).endpoint(isConfined: true, log: HostLog(level: 7, descriptor: -1))
    }

    private static func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mien-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// The same in C, in this process.
    static func library() throws -> BenchPlugin {
        let folder = try folder(), headers = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/CPluginABI/include").standardized.path
        try """
            #include "mien_plugin.h"
            static const mien_host *host;
            static mien_status look(void *state, const mien_question *question, mien_answer *answer, char *message, size_t size) {
                (void)state, (void)message, (void)size;
                const mien_face *face = question->faces;
                uint32_t sum = 0, count = face->width * face->height;
                for (uint32_t i = 0; i < count; i++) sum += face->pixels[i];
                return host->add_category(answer, 0, "Anger", (float)sum / (float)(255 * count));
            }
            static const char *const estimators[] = {"bench-faces"};
            static const mien_plugin plugin = {.abi = 1, .size = sizeof plugin, .lowest_abi = 1, .highest_abi = 1, .id = "bench", .version = "1",
                                               .estimators = estimators, .estimator_count = 1, .estimate_faces = look};
            const mien_plugin *mien_plugin_entry(const mien_host *given) {
                host = given;
                return &plugin;
            }
            """.write(toFile: folder + "/bench.c", atomically: false, encoding: .utf8)
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["cc", "-std=c99", "-O2", "-shared", "-fPIC", "-I", headers, "-o", folder + "/libbench.so", folder + "/bench.c"]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { fail("cc cannot build a library") }
        return try BenchPlugin(in: folder, "\"kind\": \"library\", \"entry\": [\"libbench.so\"]")
    }

    /// Asks without a pause, while the process is killed every 100 ms.
    func sufferForever() throws {
        let endpoint = endpoint
        let request = Proto.PluginFacesRequest(estimator: "bench-faces", faces: [[UInt8](repeating: 0, count: side * side)])
        let first = Set(Self.children)
        _ = try endpoint.describe(EstimationContext())
        _ = startThread(named: "victim") { while true { _ = try? endpoint.estimateFaces(request, EstimationContext()) } }
        _ = startThread(named: "killer") {
            while true {
                usleep(100_000)
                for child in Self.children where !first.contains(child) { kill(child, SIGKILL) }
            }
        }
    }

    /// Children of all threads of this process.
    private static var children: [pid_t] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return threads.flatMap { thread in
            ((try? String(contentsOfFile: "/proc/self/task/\(thread)/children", encoding: .utf8)) ?? "").split(separator: " ").compactMap { pid_t($0) }
        }
    }
}
