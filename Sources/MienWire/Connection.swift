import MienMessages
import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One connection over two file descriptors; one implementation for both roles.
///
/// A thread reads, a second one writes what a passing thread could not write without waiting. The connection owns the descriptors from
/// `start` on and closes them when it ends.
package final class Connection: Sendable {
    let configuration: ConnectionConfiguration
    let resolver: MethodResolver
    let input: InputDescriptor
    let output: OutputDescriptor
    let readerWake = Wakeup()
    let writerWake = Wakeup()
    let mustStopWriting = Atomic<Bool>(false)
    let trace: Trace?
    private let hasStarted = Atomic<Bool>(false)
    private let state: Locked<ConnectionState>

    /// - Parameters:
    ///   - input: Descriptor to read from; a pipe, a socket, or a file. May be the same as `output`.
    ///   - resolver: Finds the handlers of calls that the other side opens.
    package init(input: CInt, output: CInt, configuration: ConnectionConfiguration, resolver: @escaping MethodResolver) {
        precondition(configuration.limits.maxFrameBytes >= WireLimits.smallestMaxFrameBytes && configuration.limits.maxFrameBytes < WireLimits.frameBytesBound,
                     "a frame limit outside of what the protocol allows")
        self.configuration = configuration
        self.resolver = resolver
        self.input = InputDescriptor(number: input)
        self.output = OutputDescriptor(number: output)
        trace = configuration.traceDirectory.flatMap { Trace(directory: $0, name: configuration.role == .host ? "host" : "caller") }
        state = Locked(ConnectionState(role: configuration.role, limits: configuration.limits))
    }

    /// Starts the reader and writer threads and sends Hello.
    package func start() {
        guard !hasStarted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        signal(SIGPIPE, SIG_IGN)
        let hello = Handshake.hello(name: configuration.peerName, version: configuration.peerVersion, pid: UInt32(getpid()), limits: configuration.limits,
                                    features: configuration.features)
        perform { $0.emit(Proto.Frame(kind: .hello(hello))) }
        flush()
        let writer = Thread { self.writeLoop() }
        Thread { self.readLoop(writer) }.detach()
    }

    /// Runs `body` on the state under the lock, then does what it has left to do.
    func perform<T: Sendable>(_ body: (inout ConnectionState) -> T) -> T {
        let (result, actions, mustWake) = state.withLock { state in
            let result = body(&state)
            let actions = state.actions
            let mustWake = state.mustWakeReader
            if !actions.isEmpty { state.actions = [] }
            state.mustWakeReader = false
            return (result, actions, mustWake)
        }
        if mustWake { readerWake.signal() }
        for action in actions { run(action) }
        return result
    }

    private func run(_ action: Action) {
        switch action {
        case .resumeSend(let waiter, let error):
            if let error { waiter.continuation.resume(throwing: error) } else { waiter.continuation.resume() }
        case .resumeMessage(let waiter, let result): waiter.continuation.resume(with: result.mapError { $0 as any Error })
        case .resumeUnary(let continuation, let result): continuation.resume(with: result.mapError { $0 as any Error })
        case .resumePeer(let continuations, let result):
            for continuation in continuations { continuation.resume(with: result.mapError { $0 as any Error }) }
        case .resumePing(let continuation, let result): continuation.resume(with: result.mapError { $0 as any Error })
        case .resumeEnd(let continuations, let end):
            for continuation in continuations { continuation.resume(returning: end) }
        case .run(let call, let handler, let request): handle(call, handler, request)
        case .cancel(let task): task.cancel()
        case .log(let call, let level, let source, let message): configuration.onLog?(call, level, source, message)
        }
    }

    // MARK: About the connection

    /// The other side's Hello.
    ///
    /// - Throws: `CallError` (unavailable) if the handshake has failed.
    package func peer() async throws -> PeerInfo {
        try await withCheckedThrowingContinuation { continuation in
            perform { state in
                if let peer = state.peer {
                    state.actions.append(.resumePeer([continuation], .success(peer)))
                } else {
                    switch state.phase {
                    case .closing(let end, _), .ended(let end): state.actions.append(.resumePeer([continuation], .failure(state.handshakeError(end))))
                    default: state.peerWaiters.append(continuation)
                    }
                }
            }
        }
    }

    /// Calls can be opened: the handshake is done, and neither side has said that it goes.
    package var isOpen: Bool {
        perform { state in if case .open = state.phase { state.goneAway == nil } else { false } }
    }

    /// Calls that have not ended, in both directions.
    package var openCalls: Int {
        perform { state in state.openCount + state.calls.values.count { $0.incoming == nil } }
    }

    /// Time from here to the other side's reader and back.
    ///
    /// - Throws: `CallError` if the connection is not open or ends meanwhile.
    package func ping() async throws -> Duration {
        _ = try await peer()
        return try await withCheckedThrowingContinuation { continuation in
            perform { state in
                switch state.phase {
                case .open, .draining:
                    let token = state.number()
                    state.pings[token] = (.now, continuation)
                    state.emit(Proto.Frame(kind: .ping(.init(token: token))))
                default: state.actions.append(.resumePing(continuation, .failure(CallError(.unavailable, "the connection is closed"))))
                }
            }
            flush()
        }
    }

    /// Sends a log line to the other side, within a rate limit; what exceeds it is counted and reported with the next line.
    package func log(call: UInt32 = 0, level: UInt32, source: String, message: String) {
        perform { state in
            guard state.peer != nil, !state.hasEnded else { return }
            guard let dropped = state.logLimiter.admit(.now, isCongested: state.controlBytes > 1 << 20) else { return }
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            let microseconds = UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
            state.emit(Proto.Frame(call: call, kind: .log(.init(level: .init(rawValue: Int32(bitPattern: level)), source: source.cut(toBytes: 256),
                                                                message: message.cut(toBytes: 8 << 10), dropped: dropped, timeUs: microseconds))))
        }
        flush()
    }

    // MARK: The end

    /// Sends GoAway, lets running calls finish for up to `limit`, cancels the rest, flushes and closes.
    package func drain(limit: Duration, reason: String) async {
        perform { $0.drain(until: .now + limit, reason: reason) }
        flush()
        _ = await waitUntilEnded()
    }

    /// Ends at once.
    package func abort(reason: String) {
        perform { $0.close(.ioError(reason), CallError(.unavailable, reason, reason: "ABORTED"), now: .now) }
    }

    /// Returns when the connection has ended and its threads are done. For ever, if it was never started.
    package func waitUntilEnded() async -> ConnectionEnd {
        await withCheckedContinuation { continuation in
            perform { state in
                if case .ended(let end) = state.phase, state.isGone {
                    state.actions.append(.resumeEnd([continuation], end))
                } else {
                    state.endWaiters.append(continuation)
                }
            }
        }
    }
}

/// How a connection is set up.
package struct ConnectionConfiguration: Sendable {
    /// The host answers calls, the caller opens them.
    package enum Role: Sendable { case host, caller }
    package var role: Role
    /// What this side is ready to receive.
    package var limits = WireLimits()
    /// Name and version of this program, for the other side's logs and errors.
    package var peerName: String
    package var peerVersion: String
    package var features: [String] = []
    /// Time for the other side's Hello. nil: for ever (a host may wait as long as its parent lives).
    package var handshakeTimeout: Duration? = nil
    /// Time that unary calls get to finish when the input ends.
    package var drainLimit: Duration = .seconds(2)
    /// Directory for a trace of both directions (MIEN_TRACE), if any.
    package var traceDirectory: String? = nil
    /// Called for log frames of the other side, on the reader's thread.
    package var onLog: (@Sendable (_ call: UInt32, _ level: UInt32, _ source: String, _ message: String) -> Void)? = nil

    package init(role: Role, peerName: String, peerVersion: String) {
        self.role = role
        self.peerName = peerName
        self.peerVersion = peerVersion
    }
}

/// Why a connection ended.
package enum ConnectionEnd: Sendable, Equatable {
    /// The other side closed its end between frames (normal).
    case endOfStream
    /// We drained and closed.
    case drained
    /// The other side broke the protocol. Exit code 76.
    case protocolViolation(String)
    case ioError(String)
}
