import MienHost
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads a child's stderr for as long as it lasts, so that the child never blocks on it: each line goes to the log under the plugin's name, and the last ones
/// are kept for the message about its end.
final class ErrorLines: Sendable {
    /// Longest line, in bytes; what is longer comes as several.
    static let lineLimit = 2000
    /// Lines per second that are logged, and the burst that may precede. The log has a limit of its own, which one talkative plugin shall not use up.
    static let rate = 50.0, burst = 100.0
    /// Bytes kept.
    static let tailLimit = 2000

    private struct State {
        var line: [UInt8] = []
        var tail: [UInt8] = []
        var tokens = ErrorLines.burst
        var refilled = ContinuousClock.now
        var dropped = 0
        var hasEnded = false
    }

    private let state = Locked(State())
    private let log: HostLog
    private let source: String

    /// - Parameter descriptor: Of the pipe; closed at its end.
    init(descriptor: CInt, log: HostLog, source: String) {
        self.log = log
        self.source = source
        let started = startThread(named: "mien-plugin-err") { [self] in
            var buffer = [UInt8](repeating: 0, count: 8192)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 { take(buffer[..<count]) } else if count == 0 || errno != EINTR { break }
            }
            finishLine()
            close(descriptor)
            state.withLock { $0.hasEnded = true }
        }
        if !started {
            close(descriptor)
            state.withLock { $0.hasEnded = true }
        }
    }

    /// Waits until all has been read, on a thread that may sleep: at most a fifth of a second, because somebody else may hold the pipe.
    func waitForEnd() {
        for _ in 0..<200 where !state.withLock({ $0.hasEnded }) { usleep(1000) }
    }

    /// The last lines.
    var tail: String { state.withLock { String(decoding: $0.tail, as: UTF8.self) } }

    private func take(_ bytes: ArraySlice<UInt8>) {
        let lines: [String] = state.withLock { state in
            state.tail += bytes
            if state.tail.count > Self.tailLimit { state.tail.removeFirst(state.tail.count - Self.tailLimit) }
            var lines: [String] = []
            for byte in bytes {
                if byte != UInt8(ascii: "\n") { state.line.append(byte) }
                guard byte == UInt8(ascii: "\n") || state.line.count >= Self.lineLimit else { continue }
                if !state.line.isEmpty { admit(state.line, &state, &lines) }
                state.line = []
            }
            return lines
        }
        for line in lines { log.notice(line, source: source) }
    }

    /// Its last line need not have an end.
    private func finishLine() {
        if state.withLock({ !$0.line.isEmpty }) { take([UInt8(ascii: "\n")]) }
    }

    private func admit(_ line: [UInt8], _ state: inout State, _ lines: inout [String]) {
        let now = ContinuousClock.now
        let elapsed = (now - state.refilled).components
        state.tokens = min(Self.burst, state.tokens + (Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18) * Self.rate)
        state.refilled = now
        guard state.tokens >= 1 else {
            state.dropped += 1
            return
        }
        state.tokens -= 1
        let lost = state.dropped > 0 ? "(\(state.dropped) lines lost before this one) " : ""
        state.dropped = 0
        lines.append(lost + String(decoding: line, as: UTF8.self))
    }
}
