import MienMessages
@testable import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The two kinds of descriptors that parents give to their children.
enum Link: CaseIterable, Sendable { case pipes, sockets }

/// Both ends of a link: `near` and `far`, each as (input, output).
func makeLink(_ link: Link) -> (near: (CInt, CInt), far: (CInt, CInt)) {
    var first: [CInt] = [0, 0], second: [CInt] = [0, 0]
    switch link {
    case .pipes:
        precondition(pipe(&first) == 0 && pipe(&second) == 0)
        return ((first[0], second[1]), (second[0], first[1]))
    case .sockets:
        #if canImport(Darwin)
        precondition(socketpair(AF_UNIX, SOCK_STREAM, 0, &first) == 0)
        #else
        precondition(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &first) == 0)
        #endif
        return ((first[0], first[0]), (first[1], first[1]))
    }
}

/// Runs blocking code on a thread of its own, so that the pool's threads stay free.
func onThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: body()) }.detach()
    }
}

/// Counts; and lets tests wait for counts.
final class Counter: Sendable {
    private let value = Locked(0)
    var count: Int { value.withLock { $0 } }
    func increment() { value.withLock { $0 += 1 } }

    func reaches(_ goal: Int) async throws {
        while count < goal { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// Waits until a condition holds; the test's time limit ends it if it never does.
func until(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(2)) }
}

/// The methods that the tests call.
struct TestMethods: Sendable {
    let started = Counter()
    let ended = Counter()
    let cancelled = Counter()
    let taken = Counter()
    /// Opened by the test.
    let gate = Counter()

    var resolver: MethodResolver {
        { [self] method throws(CallError) in
            switch method {
            case "/test/Immediate": return .immediate { _, request in request }
            case "/test/ImmediateLarge": return .immediate { _, _ in Array(repeating: 7, count: 300_000) }
            case "/test/ImmediateFailure": return .immediate { _, _ in throw CallError(.notFound, "größer – nichts", reason: "NOTHING", field: "a.b") }
            case "/test/Unary": return .unary { call, request in
                started.increment()
                defer { ended.increment() }
                call.addTrailingMetadata("mien-bytes", "\(request.count)")
                return request
            }
            case "/test/Metadata": return .unary { call, _ in
                for entry in call.metadata { call.addTrailingMetadata(entry.name, entry.value) }
                return [call.deadline == nil ? 0 : 1]
            }
            case "/test/Sleep": return .unary { call, request in
                started.increment()
                defer { ended.increment() }
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.increment(); throw error }
                return request
            }
            case "/test/Pause": return .unary { _, request in
                started.increment()
                defer { ended.increment() }
                try await Task.sleep(for: .milliseconds(request.isEmpty ? 1 : Int(request[0])))
                return request
            }
            case "/test/Gate": return .unary { _, request in
                started.increment()
                defer { ended.increment() }
                try await gate.reaches(1)
                return request
            }
            case "/test/Expand": return .serverStreaming { _, request, writer in
                // 4 bytes of count, 4 bytes of size, each big-endian.
                started.increment()
                defer { ended.increment() }
                let count = request[..<4].reduce(0) { $0 << 8 | Int($1) }, size = request[4...].reduce(0) { $0 << 8 | Int($1) }
                for index in 0..<count {
                    do { try await writer.send(Array(repeating: UInt8(truncatingIfNeeded: index), count: size)) } catch { cancelled.increment(); throw error }
                    taken.increment()
                }
            }
            case "/test/Collect": return .clientStreaming { _, requests in
                started.increment()
                defer { ended.increment() }
                var count: UInt8 = 0, total = 0
                do {
                    for try await message in requests { count &+= 1; total += message.count; taken.increment() }
                } catch { cancelled.increment(); throw error }
                return [count] + (0..<8).map { UInt8(truncatingIfNeeded: total >> (56 - 8 * $0)) }
            }
            case "/test/SlowCollect": return .clientStreaming { _, requests in
                started.increment()
                defer { ended.increment() }
                // Reads nothing until it is cancelled.
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.increment(); throw error }
                return []
            }
            case "/test/EchoStream": return .bidirectional { _, requests, writer in
                started.increment()
                defer { ended.increment() }
                do {
                    for try await message in requests { try await writer.send(message) }
                } catch { cancelled.increment(); throw error }
            }
            case "/test/OneThenFailure": return .serverStreaming { _, _, writer in
                try await writer.send([1])
                throw CallError(.dataLoss, "broken half-way")
            }
            case "/test/OtherError": return .unary { _, _ in throw ProtocolViolation("something else") }
            default: throw CallError(.unimplemented, "no method \(method)", reason: "NO_METHOD")
            }
        }
    }
}

func expandRequest(count: Int, size: Int) -> [UInt8] {
    [count, size].flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
}

/// A host and a caller in one process.
struct Pair: Sendable {
    let host: Connection
    let caller: Connection
    let methods = TestMethods()

    init(_ link: Link = .pipes, hostLimits: WireLimits = .init(), callerLimits: WireLimits = .init(),
         configureHost: (inout ConnectionConfiguration) -> Void = { _ in }, configureCaller: (inout ConnectionConfiguration) -> Void = { _ in }) {
        let ends = makeLink(link)
        var hostConfiguration = ConnectionConfiguration(role: .host, peerName: "host", peerVersion: "1")
        hostConfiguration.limits = hostLimits
        configureHost(&hostConfiguration)
        host = Connection(input: ends.near.0, output: ends.near.1, configuration: hostConfiguration, resolver: methods.resolver)
        var callerConfiguration = ConnectionConfiguration(role: .caller, peerName: "caller", peerVersion: "2")
        callerConfiguration.limits = callerLimits
        configureCaller(&callerConfiguration)
        caller = Connection(input: ends.far.0, output: ends.far.1, configuration: callerConfiguration) { method throws(CallError) in
            throw CallError(.unimplemented, method)
        }
        host.start()
        caller.start()
    }

    func close() async {
        caller.abort(reason: "the test is over")
        _ = await caller.waitUntilEnded()
        _ = await host.waitUntilEnded()
    }
}

/// A caller that writes bytes as it likes, against a real host.
final class RawCaller: Sendable {
    let host: Connection
    let methods = TestMethods()
    private let input: CInt
    private let output: CInt
    private let state = Locked((buffer: FrameBuffer(maxFrameBytes: 127 << 20), isClosed: false))

    init(_ link: Link = .pipes, limits: WireLimits = .init(), handshake: Bool = true, configure: (inout ConnectionConfiguration) -> Void = { _ in }) async {
        let ends = makeLink(link)
        (input, output) = ends.far
        var configuration = ConnectionConfiguration(role: .host, peerName: "host", peerVersion: "1")
        configuration.limits = limits
        configure(&configuration)
        host = Connection(input: ends.near.0, output: ends.near.1, configuration: configuration, resolver: methods.resolver)
        host.start()
        if handshake {
            await send(.init(kind: .hello(Handshake.hello(name: "raw", version: "0", pid: 1, limits: .init(), features: []))))
            _ = await receive()
        }
    }

    deinit {
        closeOutput()
        if input != output { closeDescriptor(input) }
    }

    func closeOutput() {
        state.withLock { state in
            if !state.isClosed { closeDescriptor(output) }
            state.isClosed = true
        }
    }

    func send(_ frames: Proto.Frame...) async { await send(bytes: frames.flatMap(\.framed)) }

    func send(bytes: [UInt8]) async {
        let output = output
        await onThread {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// The next frame; nil at the end of the stream.
    func receive() async -> Proto.Frame? {
        await onThread { [self] in
            while true {
                let next = state.withLock { try! $0.buffer.next { try! Proto.Frame(decoding: $0) } }
                if let next { return next }
                var bytes = [UInt8](repeating: 0, count: 65536)
                let count = read(input, &bytes, bytes.count)
                guard count > 0 else { return nil }
                state.withLock { state in
                    var at = 0
                    while at < count {
                        at += state.buffer.fill { space in
                            let size = min(space.count, count - at)
                            bytes.withUnsafeBytes { space.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[at..<(at + size)])) }
                            return size
                        }
                    }
                }
            }
        }
    }

    /// The next status; frames before it are skipped.
    func receiveStatus() async -> (call: UInt32, status: Proto.Status)? {
        while let frame = await receive() {
            if case .status(let status) = frame.kind { return (frame.call, status) }
        }
        return nil
    }

    func open(_ call: UInt32, _ method: String, _ message: [UInt8]? = nil, metadata: [Proto.Metadata] = [], timeout: UInt64? = nil,
              continues: Bool = false, halfClose: Bool = false) -> Proto.Frame {
        Proto.Frame(call: call, kind: .open(.init(method: method, metadata: metadata, timeoutUs: timeout, message: message, continues: continues,
                                                  halfClose: halfClose)))
    }
}

private func closeDescriptor(_ descriptor: CInt) { _ = close(descriptor) }

/// Bytes that repeat with a period that no buffer has. (Made by doubling: debug builds map slowly.)
func pattern(_ size: Int) -> [UInt8] {
    var bytes = (0..<251).map { UInt8($0) }
    while bytes.count < size { bytes += bytes }
    return Array(bytes[..<size])
}

/// Reproducible random numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Runs `body` and returns the CallError it throws.
func callError(_ body: () async throws -> Void) async -> CallError? {
    do { try await body(); return nil } catch { return error as? CallError }
}

/// Collects log lines.
final class LogLines: Sendable {
    private let lines = Locked<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

func temporaryDirectory() -> String {
    var template = Array("/tmp/mien-test-XXXXXX".utf8CString)
    return template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
}

func readFile(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    defer { closeDescriptor(file) }
    var bytes: [UInt8] = [], part = [UInt8](repeating: 0, count: 65536)
    while case let count = read(file, &part, part.count), count > 0 { bytes += part[..<count] }
    return bytes
}
