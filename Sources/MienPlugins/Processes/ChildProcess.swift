import CProcess
import MienHost
import MienMessages
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One running process of a plugin: the connection to it, and its end.
final class ChildProcess: Sendable {
    typealias Exit = ProcessExit

    private struct State {
        var exit: Exit?
        /// Its last words have been read as well.
        var isTold = false
        var readsMedia = false
        var waiters: [CheckedContinuation<Exit, Never>] = []
    }

    let pid: Int32
    let connection: Connection
    private let memory: MediaMemory?
    private let state = Locked(State())
    private let errors: ErrorLines

    /// Starts a process and greets it.
    ///
    /// - Throws: `CallError` `unavailable` if it cannot be started or does not greet in time; it has ended then.
    static func start(_ command: ChildCommand, limits: PluginManifest.Limits, log: HostLog) async throws -> ChildProcess {
        // Not on the thread of the caller, which may end before the child: see mien_spawn.
        let memory = MediaMemory()
        let pipes = try await spawner.run { _ in try command.spawn(memory) }.value
        let child = ChildProcess(pipes, memory, command, log)
        do {
            _ = try await child.connection.peer()
        } catch {
            child.connection.abort(reason: "handshake failed")
            child.kill()
            let exit = await child.waitForExit()
            throw CallError(.unavailable, "plugin \(command.plugin) did not greet: \((error as? CallError)?.message ?? "\(error)"); \(child.epitaph(exit))",
                            reason: "PLUGIN_START_FAILED", facts: child.facts(exit))
        }
        return child
    }

    /// A thread that lasts as long as this process.
    private static let spawner = ComputeLanes(count: 1)

    private init(_ pipes: SpawnCommand.Spawned, _ memory: MediaMemory?, _ command: ChildCommand, _ log: HostLog) {
        pid = pipes.pid
        self.memory = memory
        let source = "plugin/\(command.plugin)"
        errors = ErrorLines(descriptor: pipes.errors, log: log, source: source)
        var configuration = ConnectionConfiguration(role: .caller, peerName: "mien", peerVersion: "")
        configuration.handshakeTimeout = .seconds(command.startLimit)
        configuration.onLog = { _, level, _, message in log.write(level, source, message) }
        connection = Connection(input: pipes.output, output: pipes.input, configuration: configuration) { (method) throws(CallError) in
            throw CallError(.unimplemented, "a host answers no calls of its plugins: \(method)")
        }
        connection.start()
        if !startThread(named: "mien-plugin-end", { [self] in collect() }) {
            // No thread to wait in: not worth keeping, and the end comes at once.
            kill()
            collect()
        }
    }

    deinit { connection.abort(reason: "the plugin is not needed any more") }

    /// Waits for the end, takes everything with it that the process has left behind, and tells those who wait.
    private func collect() {
        _ = mien_await_end(pid)
        let exit = state.withLock { state in
            _ = mien_kill_group(pid)
            var code: CInt = 0, signal: CInt = 0
            _ = mien_wait(pid, &code, &signal)
            let exit = signal == 0 ? Exit.code(code) : .signal(signal)
            state.exit = exit
            return exit
        }
        // So that its last words are known to those who hear of its end.
        errors.waitForEnd()
        let waiters = state.withLock { state in
            state.isTold = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: exit) }
        // Its last words have long been read by then, unless somebody outside its group holds the pipe: for him nobody waits.
        Task { [connection] in
            try? await Task.sleep(for: .seconds(1))
            connection.abort(reason: "the plugin's process has ended")
        }
    }

    /// The memory for large inputs, if it says that it reads them there.
    var media: MediaMemory? { state.withLock { $0.readsMedia } ? memory : nil }
    func useMedia() { state.withLock { $0.readsMedia = true } }

    /// It can be asked.
    var isOpen: Bool { connection.isOpen && state.withLock { $0.exit == nil } }

    /// Ends the process and all that it has started.
    func kill() {
        state.withLock { state in
            // Not after its end: the number may belong to somebody else by then.
            if state.exit == nil { _ = mien_kill_group(pid) }
        }
    }

    func waitForExit() async -> Exit {
        await withCheckedContinuation { continuation in
            let exit: Exit? = state.withLock { state in
                if !state.isTold { state.waiters.append(continuation) }
                return state.isTold ? state.exit : nil
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Says goodbye, and ends it if it does not go within `limit`.
    func close(limit: Duration) async {
        let patience = Task {
            try await Task.sleep(for: limit)
            kill()
        }
        await connection.drain(limit: limit, reason: "")
        _ = await waitForExit()
        patience.cancel()
    }

    /// How it ended, for people, with its last words.
    func epitaph(_ exit: Exit) -> String {
        let words = errors.tail.split(separator: "\n").suffix(3).joined(separator: " / ")
        return "process \(pid) ended with \(exit)" + (words.isEmpty ? "" : "; it said: \(words)")
    }

    /// The same for programs.
    func facts(_ exit: Exit) -> [MetadataEntry] {
        let end: MetadataEntry = switch exit {
        case .code(let code): MetadataEntry("exit_code", String(code))
        case .signal(let number): MetadataEntry("signal", String(number))
        }
        return [MetadataEntry("pid", String(pid)), end, MetadataEntry("stderr", String(errors.tail.suffix(1000)))]
    }
}
