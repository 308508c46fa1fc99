import Synchronization

/// One line on stderr that says how far long work has come. Silent unless stderr is a terminal.
final class Progress: Sendable {
    private struct State {
        var shown = false
        var lastDrawn: ContinuousClock.Instant?
    }

    private let terminal: Terminal
    private let state = Mutex(State())
    private let start = ContinuousClock.now

    init(terminal: Terminal = Terminal(descriptor: 2)) { self.terminal = terminal }

    /// - Parameters:
    ///   - total: nil if it is not known.
    ///   - unit: how to write a number: "3 pictures", "1.5 MB".
    func update(_ label: String, done: Int64, total: Int64?, unit: (Int64) -> String) {
        guard terminal.isInteractive else { return }
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            // Ten times a second is smooth enough, and the last step must be seen.
            if let last = state.lastDrawn, now - last < .milliseconds(100), done != total { return false }
            state.lastDrawn = now
            state.shown = true
            return true
        }
        guard isDue else { return }
        var line = label + "  "
        if let total, total > 0 {
            let share = Float(done) / Float(total)
            let filled = bar(share, cells: 20, unicode: terminal.unicode)
            line += filled + String(repeating: terminal.unicode ? "░" : ".", count: max(20 - filled.count, 0))
            line += "  \(unit(done)) of \(unit(total))"
            let spent = Double((ContinuousClock.now - start).components.seconds)
            if spent >= 2, done > 0, done < total { line += ", \(Int(spent / Double(share) - spent)) s left" }
        } else {
            line += unit(done)
        }
        writeAll(2, "\r\u{1b}[K" + shortened(line, to: (terminal.width ?? 80) - 1, unicode: terminal.unicode))
    }

    /// Removes the line, so that other output can follow.
    func clear() {
        guard state.withLock({ state in defer { state.shown = false }; return state.shown }) else { return }
        writeAll(2, "\r\u{1b}[K")
    }
}
