// A plugin that does what plugins should not. How it starts, its argument says; what it does with a face, the face's first byte.
import CFaults
import MienMessages
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

let streams = try StandardStreams.takeOver()

func send(_ text: String, to descriptor: CInt) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        // Nobody reads any more: the host ends this process, and how it does is what the tests look at.
        if count < 0 { hang() }
        bytes = bytes.dropFirst(count)
    }
}

func sendRaw(_ text: String) { send(text, to: streams.output) }

func hang() -> Never { while true { sleep(1000) } }

func die(_ signal: CInt) -> Never {
    kill(getpid(), signal)
    hang()
}

/// Whether this is the first process that says so, as a file in the working folder remembers.
func isFirst() -> Bool {
    let file = open("started", O_CREAT | O_EXCL | O_WRONLY, 0o600)
    if file >= 0 { close(file) }
    return file >= 0
}

let mode = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "steady"
switch mode {
case "silent": hang()
case "exit": _exit(3)
case "killed": die(SIGKILL)
case "text":
    sendRaw("Loading the model, please wait ...\n")
    hang()
case "words":
    send("the model file is not there\nand this is why\n", to: 2)
    _exit(1)
default: break
}

let estimator = Proto.PluginEstimator(id: "faulty-faces", version: "1", summary: "Fails.", categories: ["Anger"], nativeLabels: ["sum", "pid"],
                                      input: .face(Proto.FaceInput(width: 8, height: 8, format: .gray8, crop: .box)), batch: 4, precision: "",
                                      licence: "Apache-2.0", attribution: "nobody")

/// The sum of the pixels, and who computed it.
func reading(_ face: [UInt8], _ intensity: Float) -> Proto.PluginReading {
    Proto.PluginReading(categories: [Proto.CategoryEstimate(name: "Anger", intensity: intensity)],
                        nativeScores: [Proto.NativeScore(label: "sum", score: face.reduce(0) { $0 + Float($1) }), Proto.NativeScore(label: "pid", score: Float(getpid()))])
}

/// What becomes of a face.
func read(_ face: [UInt8], _ call: IncomingCall) async throws -> Proto.PluginReading {
    switch face.first {
    case 1: die(SIGKILL)
    case 2: faulty_crash()
    case 3: _exit(3)
    case 4: hang()
    case 5:
        sendRaw("this is no frame\n")
        hang()
    case 6:
        // Frames that are announced and never come.
        sendRaw(String(repeating: "\u{0}", count: 1 << 20))
        sendRaw(String(repeating: "x", count: 64 << 20))
    case 7: for _ in 0..<200_000 { send("a line on stderr that nobody asked for, again and again and again\n", to: 2) }
    case 8:
        // More than its limit.
        var blocks: [UnsafeMutableRawPointer] = []
        while let block = malloc(16 << 20) {
            memset(block, 1, 16 << 20)
            blocks.append(block)
        }
        abort()
    case 9:
        // A child that keeps the pipes open when its parent is gone.
        faulty_fork()
        die(SIGKILL)
    case 10: return reading(face, .nan)
    case 11: throw CallError(.invalidArgument, "I do not like this face", reason: "FACE_UNPLEASANT")
    case 12: while !call.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
    case 13: try? await Task.sleep(for: .milliseconds(300))
    case 14 where isFirst(): die(SIGKILL)
    case 16: try? await Task.sleep(for: .milliseconds(15))
    case 15: connection.withLock { $0 }?.abort(reason: "gone")
    default: break
    }
    return reading(face, Float(face.first ?? 0) / 255)
}

/// Some of what an honest plugin checks as well.
func checkName(_ name: String) throws(CallError) {
    guard name == estimator.id else { throw CallError(.notFound, "no estimator \(name)", reason: "ESTIMATOR_UNKNOWN") }
}

let connection = Locked<Connection?>(nil)
let running = Connection(input: streams.input, output: streams.output, configuration: ConnectionConfiguration(role: .host, peerName: "faulty", peerVersion: "1")) { (method) throws(CallError) in
    switch method {
    case "/mien.v1.Plugin/Describe":
        .immediate { _, bytes in
            _ = try Proto.DescribePluginRequest(decoding: bytes)
            return Proto.PluginDescription(id: "faulty", version: mode == "other" ? "2" : "1", estimators: [estimator]).encoded()
        }
    case "/mien.v1.Plugin/Warm":
        .immediate { _, bytes in
            try checkName(try Proto.WarmPluginRequest(decoding: bytes).estimator)
            return Proto.WarmPluginResponse().encoded()
        }
    case "/mien.v1.Plugin/EstimateFaces":
        .unary { call, bytes in
            let request = try Proto.PluginFacesRequest(decoding: bytes)
            try checkName(request.estimator)
            if request.faces.contains(where: { $0.count != 64 }) { throw CallError(.invalidArgument, "a face is not of 8 x 8 pixels", reason: "FIELD_OUT_OF_RANGE") }
            var readings: [Proto.PluginReading] = []
            for face in request.faces { readings.append(try await read(face, call)) }
            return Proto.PluginReadings(readings: readings).encoded()
        }
    default: throw CallError(.unimplemented, "no method \(method)")
    }
}
connection.withLock { $0 = running }
running.start()
if case .protocolViolation = await running.waitUntilEnded() { _exit(76) }
_exit(0)
