import MienEstimation
import MienHost
import MienWire

/// The processes of one plugin: started when they are needed, handed out one question at a time, replaced when they fail.
///
/// A process that ends, hangs or breaks the protocol costs the question that it was working on, and that one is asked once more of a new process, since every question
/// of the contract is idempotent.
actor ProcessPool {
    private let plugin: PluginFolder
    private let process: PluginManifest.Process
    private let isConfined: Bool
    private let log: HostLog
    /// Asks a process to describe itself, within a time, and compares that with the manifest. True if it reads large inputs from the memory that it has been given.
    ///
    /// - Throws: `CallError`.
    private let check: @Sendable (Connection, Duration) async throws -> Bool

    private var idle: [ChildProcess] = []
    private var all: [Int32: ChildProcess] = [:]
    private var starting = 0
    private var waiters: [(number: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
    private var nextWaiter: UInt64 = 0
    private var isClosed = false

    nonisolated private let policy: Locked<RestartPolicy>
    nonisolated private let onChange = Locked<[@Sendable () -> Void]>([])

    init(_ plugin: PluginFolder, _ process: PluginManifest.Process, isConfined: Bool, log: HostLog, check: @escaping @Sendable (Connection, Duration) async throws -> Bool) {
        self.plugin = plugin
        self.process = process
        self.isConfined = isConfined
        self.log = log
        self.check = check
        policy = Locked(RestartPolicy(process.restart))
    }

    private var id: String { plugin.manifest.id }
    nonisolated private var source: String { "plugin/\(plugin.manifest.id)" }

    // MARK: Asking

    /// Asks one process, and once more if it fails on the way.
    ///
    /// - Throws: `CallError`, `CancellationError`.
    func ask(_ question: Question, deadline: ContinuousClock.Instant?) async throws -> [UInt8] {
        var isRepeated = false
        while true {
            let child = try await borrow()
            let begin = ContinuousClock.now, limit = Duration.seconds(process.limits.call)
            let timeout = deadline.map { min(limit, $0 - begin) } ?? limit
            do {
                let timeout = max(timeout, .zero)
                let answer = question.isLarge ? try await Self.putLarge(question, to: child, timeout: timeout)
                    : try await child.connection.unary(question.method, question.message(nil), timeout: timeout).message
                giveBack(child)
                return answer
            } catch {
                if Task.isCancelled || (error as? CallError)?.code == .deadlineExceeded {
                    guard !Task.isCancelled, timeout == limit else {
                        // It may need a while to notice; until then nobody else gets it. Not longer than the question could have taken anyway.
                        Task { await recover(child, by: begin + limit + .seconds(1)) }
                        throw Task.isCancelled ? CancellationError() : error
                    }
                    child.kill()
                    let (_, cause) = await bury(child, nil)
                    log.warning("ended because it did not answer within \(process.limits.call) seconds: \(cause)", source: source)
                    throw CallError(.deadlineExceeded, "plugin \(id) has not answered within \(process.limits.call) seconds, the limit of its manifest", reason: "PLUGIN_TIMEOUT",
                                    facts: [MetadataEntry("plugin", id)])
                }
                if child.isOpen, !Self.isLeaving(error) {
                    giveBack(child)
                    throw Self.translate(error, plugin: id)
                }
                let (exit, cause) = await bury(child, error)
                if !isRepeated, !isClosed {
                    isRepeated = true
                    log.warning("\(cause); the question is asked once more", source: source)
                    continue
                }
                throw CallError(.unavailable, "plugin \(id) failed twice at this question: \(cause)", reason: "PLUGIN_FAILED",
                                facts: [MetadataEntry("plugin", id), MetadataEntry("safe_to_repeat", "true")] + child.facts(exit))
            }
        }
    }

    struct Question: Sendable {
        /// Whole path.
        let method: String
        /// Worth a place in memory that host and process share, if they do: more than one chunk of a message. Copies through the pipe cost many times as much.
        let isLarge: Bool
        /// Encoded, with its inputs in that memory or, if it is nil, within the message.
        let message: @Sendable (MediaMemory?) -> [UInt8]

        init(_ method: String, size: Int = 0, _ message: @escaping @Sendable (MediaMemory?) -> [UInt8]) {
            self.method = "/mien.v1.Plugin/\(method)"
            isLarge = size > 64 << 10
            self.message = message
        }
    }

    /// Not on the actor, which has others to serve while a large question is written.
    @concurrent private static func putLarge(_ question: Question, to child: ChildProcess, timeout: Duration) async throws -> [UInt8] {
        try await child.connection.unary(question.method, question.message(child.media), timeout: timeout).message
    }

    /// The process takes no further questions and has not begun this one.
    private static func isLeaving(_ error: any Error) -> Bool { ["DRAINING", "NOT_PROCESSED"].contains((error as? CallError)?.reason) }

    /// A status of the plugin's own is the caller's business only in part: whatever code it has chosen, the host's request was sound.
    private static func translate(_ error: any Error, plugin: String) -> CallError {
        guard let error = error as? CallError else { return CallError(.internalError, "plugin \(plugin) failed: \(error)", reason: "PLUGIN_ERROR") }
        let code: StatusCode = [.unavailable, .resourceExhausted, .unimplemented].contains(error.code) ? error.code : .internalError
        return CallError(code, "plugin \(plugin) failed: \(error.message)", reason: "PLUGIN_ERROR",
                         facts: [MetadataEntry("plugin", plugin), MetadataEntry("plugin_status", "\(error.code)")]
                             + (error.reason.isEmpty ? [] : [MetadataEntry("plugin_reason", error.reason)]))
    }

    // MARK: Processes

    private func borrow() async throws -> ChildProcess {
        while true {
            try Task.checkCancellation()
            if isClosed { throw CallError(.unavailable, "the host is shutting down", reason: "DRAINING") }
            while let child = idle.popLast() {
                if child.isOpen { return child }
                _ = await bury(child, nil)
            }
            if all.count + starting < process.limits.processes {
                starting += 1
                // A caller that goes away meanwhile does not end what has begun.
                let child = try await Task { try await start() }.value
                guard Task.isCancelled else { return child }
                giveBack(child)
                throw CancellationError()
            }
            try await waitForChange()
        }
    }

    private func giveBack(_ child: ChildProcess) {
        idle.append(child)
        wakeOne()
    }

    /// Starts the process that `starting` counts already.
    private func start() async throws -> ChildProcess {
        defer {
            starting -= 1
            wakeOne()
        }
        let now = ContinuousClock.now
        if let obstacle = policy.withLock({ obstacle($0, now) }) { throw CallError(.unavailable, obstacle, reason: "PLUGIN_GAVE_UP", facts: [MetadataEntry("plugin", id)]) }
        try await Task.sleep(for: policy.withLock { $0.delay(at: now) })
        let command = try ChildCommand(plugin, process, isConfined: isConfined), plugin = plugin
        _ = try await Self.fileReader.run { _ in try plugin.checkFiles() }
        let child: ChildProcess
        do {
            child = try await ChildProcess.start(command, limits: process.limits, log: log)
        } catch {
            fail()
            throw error
        }
        all[child.pid] = child
        do {
            if try await check(child.connection, .seconds(process.limits.start)) { child.useMedia() }
            if isClosed { throw CallError(.unavailable, "the host is shutting down", reason: "DRAINING") }
        } catch {
            // That it is another than its manifest says is no accident which another start could mend.
            _ = await bury(child, error, isAccident: (error as? CallError)?.code != .failedPrecondition)
            throw error
        }
        log.info("process \(child.pid) started", source: source)
        watch(child)
        return child
    }

    /// Digests of large files take a while.
    private static let fileReader = ComputeLanes(count: 1)

    /// An idle process that ends is replaced at the next question; that it has ended is noted at once.
    private func watch(_ child: ChildProcess) {
        Task { [weak self] in
            _ = await child.waitForExit()
            await self?.noteEnd(of: child)
        }
    }

    private func noteEnd(of child: ChildProcess) async {
        guard let index = idle.firstIndex(where: { $0 === child }) else { return }
        idle.remove(at: index)
        let (_, cause) = await bury(child, nil)
        if !isClosed { log.warning(cause, source: source) }
    }

    /// Ends a process that is of no use any more, if it has not ended, and counts the failure.
    private func bury(_ child: ChildProcess, _ error: (any Error)?, isAccident: Bool = true) async -> (exit: ChildProcess.Exit, cause: String) {
        let isFirst = all.removeValue(forKey: child.pid) != nil
        // It closes its end of the pipe a moment before it is gone: its own end is worth more than being killed.
        let patience = Task {
            try await Task.sleep(for: .milliseconds(500))
            child.kill()
        }
        if let error = error as? CallError, error.reason == "PROTOCOL_VIOLATION" { child.kill() }
        child.connection.abort(reason: "the process is of no use any more")
        let exit = await child.waitForExit()
        patience.cancel()
        if isFirst, isAccident, !isClosed { fail() }
        wakeOne()
        let reason = (error as? CallError).map { "\($0.message); " } ?? ""
        return (exit, reason + child.epitaph(exit))
    }

    /// Waits until a process whose question nobody waits for any more is free again; ends it if it is not by then.
    private func recover(_ child: ChildProcess, by deadline: ContinuousClock.Instant) async {
        do {
            _ = try await check(child.connection, max(deadline - .now, .seconds(1)))
            giveBack(child)
        } catch {
            child.kill()
            let (_, cause) = await bury(child, nil)
            if !isClosed { log.warning("ended because it does not answer: \(cause)", source: source) }
        }
    }

    // MARK: Waiting

    private func waitForChange() async throws {
        nextWaiter += 1
        let number = nextWaiter
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiters.append((number, continuation)) }
            }
        } onCancel: {
            Task { await self.wake(number) }
        }
        if Task.isCancelled {
            // It may have been our turn.
            wakeOne()
            throw CancellationError()
        }
    }

    private func wakeOne() {
        if !waiters.isEmpty { waiters.removeFirst().continuation.resume() }
    }

    private func wake(_ number: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: index).continuation.resume()
    }

    // MARK: Failures

    private func fail() {
        let now = ContinuousClock.now
        let blocked = policy.withLock { policy in
            let before = policy.blockedUntil(now)
            policy.fail(at: now)
            return before == nil ? policy.blockedUntil(now) : nil
        }
        guard let blocked else { return }
        log.error(obstacle ?? "too many failures", source: source)
        notify()
        Task { [weak self] in
            try? await Task.sleep(until: blocked, clock: .continuous)
            self?.notify()
        }
    }

    nonisolated var obstacle: String? { policy.withLock { obstacle($0, .now) } }

    nonisolated private func obstacle(_ policy: RestartPolicy, _ now: ContinuousClock.Instant) -> String? {
        policy.blockedUntil(now).map {
            "plugin \(plugin.manifest.id) has failed more than \(process.restart.attempts) times within \(process.restart.window) seconds; it is tried again in "
                + "\(max(($0 - now).components.seconds, 1)) seconds"
        }
    }

    nonisolated func whenObstacleChanges(_ body: @escaping @Sendable () -> Void) { onChange.withLock { $0.append(body) } }

    nonisolated private func notify() {
        for body in onChange.withLock({ $0 }) { body() }
    }

    // MARK: The end

    /// Ends all processes; those that do not go by themselves within a second are killed.
    func close() async {
        isClosed = true
        let children = Array(all.values)
        all = [:]
        idle = []
        for waiter in waiters { waiter.continuation.resume() }
        waiters = []
        await withTaskGroup(of: Void.self) { group in
            for child in children { group.addTask { await child.close(limit: .seconds(1)) } }
        }
    }

    /// Processes that run.
    var count: Int { all.count }
}
