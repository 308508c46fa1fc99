#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import MienWire

/// A line of the log. `level` counts as in mien.v1.LogLevel: 1 trace, 2 debug, 3 info, 4 notice, 5 warning, 6 error, 7 critical.
package struct LogLine: Sendable {
    package var level: UInt32
    /// "host", "estimator/face-expression".
    package var source: String
    package var message: String
    /// Lines lost before this one.
    package var dropped: UInt64
    /// Microseconds since 1970-01-01 UTC.
    package var time: UInt64
}

/// Where all log lines of a host go: to stderr, and to whoever watches.
///
/// Logging never blocks and never grows without bound: too many lines in a second, a reader that does not empty its pipe, or a slow watcher cost
/// lines, and the next line that gets through says how many.
package final class HostLog: Sendable {
    package static let levelNames = ["", "trace", "debug", "info", "notice", "warning", "error", "critical"]
    /// Lines per second, and the burst that may precede.
    static let rate = 200, burst = 400
    /// Lines kept for a watcher that is slower than the log.
    static let watcherBuffer = 256
    /// Longest line on stderr. A pipe takes as much as this without blocking if it says it is writable (PIPE_BUF), and whole.
    static let lineLimit = 4096

    private struct Watcher {
        var level: UInt32
        var dropped: UInt64 = 0
        var continuation: AsyncStream<LogLine>.Continuation
    }

    private struct State {
        var level: UInt32
        var tokens = Double(HostLog.burst)
        var refilled = ContinuousClock.now
        var dropped: UInt64 = 0
        var stderrDropped: UInt64 = 0
        var watchers: [UInt64: Watcher] = [:]
        var next: UInt64 = 0
    }

    private let state: Locked<State>
    private let descriptor: CInt

    /// - Parameters:
    ///   - level: the lowest that goes to stderr.
    ///   - descriptor: where lines are written; -1: nowhere.
    package init(level: UInt32 = 4, descriptor: CInt = 2) {
        state = Locked(State(level: level))
        self.descriptor = descriptor
    }

    package func debug(_ message: String, source: String = "host") { write(2, source, message) }
    package func info(_ message: String, source: String = "host") { write(3, source, message) }
    package func notice(_ message: String, source: String = "host") { write(4, source, message) }
    package func warning(_ message: String, source: String = "host") { write(5, source, message) }
    package func error(_ message: String, source: String = "host") { write(6, source, message) }

    /// Whether anybody would see a line of this level; to be asked before a costly message is made.
    package func isWanted(_ level: UInt32) -> Bool {
        state.withLock { state in level >= state.level || state.watchers.values.contains { level >= $0.level } }
    }

    package func write(_ level: UInt32, _ source: String, _ message: String) {
        guard isWanted(level) else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
        let line = LogLine(level: level, source: source, message: oneLine(message), dropped: 0, time: time)
        state.withLock { state in
            let instant = ContinuousClock.now
            state.tokens = min(Double(Self.burst), state.tokens + Double((instant - state.refilled).microseconds) * Double(Self.rate) / 1e6)
            state.refilled = instant
            guard state.tokens >= 1 else {
                state.dropped += 1
                return
            }
            state.tokens -= 1
            let lost = state.dropped
            state.dropped = 0
            // Neither of these blocks, and both must keep the order of lines: hence under the lock.
            for key in state.watchers.keys where level >= state.watchers[key]!.level {
                var copy = line
                copy.dropped = lost + state.watchers[key]!.dropped
                if case .dropped = state.watchers[key]!.continuation.yield(copy) {
                    state.watchers[key]!.dropped = copy.dropped + 1
                } else {
                    state.watchers[key]!.dropped = 0
                }
            }
            if level >= state.level {
                var copy = line
                copy.dropped = lost + state.stderrDropped
                state.stderrDropped = emit(copy) ? 0 : copy.dropped + 1
            }
        }
    }

    /// Lines of at least `level` from now on; ends when the consumer is cancelled.
    package func watch(level: UInt32) -> AsyncStream<LogLine> {
        let (stream, continuation) = AsyncStream.makeStream(of: LogLine.self, bufferingPolicy: .bufferingOldest(Self.watcherBuffer))
        let number = state.withLock { state in
            state.next += 1
            state.watchers[state.next] = Watcher(level: level, continuation: continuation)
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.watchers.removeValue(forKey: number) }
        }
        return stream
    }

    /// Ends every watch.
    package func close() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            return state.watchers.values.map(\.continuation)
        }
        for watcher in watchers { watcher.finish() }
    }

    /// False if the line could not be written without waiting.
    private func emit(_ line: LogLine) -> Bool {
        guard descriptor >= 0 else { return true }
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return false }
        let name = line.level < Self.levelNames.count ? Self.levelNames[Int(line.level)] : "level \(line.level)"
        let lost = line.dropped > 0 ? " (\(line.dropped) lines lost before this one)" : ""
        var bytes = Array("mien: \(name): \(line.source): \(line.message)\(lost)".utf8.prefix(Self.lineLimit - 1))
        bytes.append(UInt8(ascii: "\n"))
        return writeWhole(descriptor, bytes)
    }
}

private func writeWhole(_ descriptor: CInt, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
        while true {
            let written = write(descriptor, buffer.baseAddress, buffer.count)
            if written >= 0 { return written == buffer.count }
            if errno != EINTR { return false }
        }
    }
}

/// Control characters would break the rule of one line per message, or a terminal.
private func oneLine(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
}
