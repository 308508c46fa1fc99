import MienJSON
import MienMessages

/// What is heard in a live stream: a line for each utterance, and on a terminal one more that changes while someone speaks.
struct LiveView {
    private let terminal: Terminal
    /// Set for JSON lines.
    private let transcoder: Transcoder?
    /// Whether all that is known about an utterance is shown.
    private let all: Bool
    private var isDrawn = false

    init(_ terminal: Terminal, _ transcoder: Transcoder?, all: Bool = false) {
        self.terminal = terminal
        self.transcoder = transcoder
        self.all = all
    }

    mutating func show(_ event: Proto.WatchVoiceEvent) throws {
        if let transcoder { return say(try transcoder.json(event).text()) }
        switch event.kind {
        case .ready(let ready)?: if terminal.isInteractive { draw("listening (\(printable(ready.estimator)))") }
        case .speechStart(let speech)?: draw("\(clock(speech.start))  ...")
        case .interval(let estimate)?: draw(text(estimate))
        case .utterance(let estimate)?:
            erase()
            say(utterance(estimate).joined(separator: "\n"))
        case .warning(let warning)?:
            erase()
            complain(printable(warning.message))
        case nil: break
        }
    }

    mutating func finish() { erase() }

    func utterance(_ estimate: Proto.Estimate) -> [String] {
        guard all else { return [text(estimate)] }
        if EstimateBlock.suits(estimate) {
            let notes = estimate.warnings.map(VoiceReport.note).joined(separator: ", ")
            return EstimateBlock(estimate, top: .max).render(heading: [VoiceReport.time(of: estimate)], notes: notes, terminal)
        }
        let others = VoiceReport.classes(of: estimate).dropFirst().map { "\(printable($0.name)) \(fixed($0.value, 2))" }
        return [text(estimate)] + wrapped(others.joined(separator: ", "), to: terminal.width.map { $0 - 2 }).map { "  " + $0 }
    }

    /// "0:01.2-0:03.4  Anger 0.72 ███████  arousal +0.51  valence -0.40"
    private func text(_ estimate: Proto.Estimate) -> String {
        var parts = [VoiceReport.time(of: estimate)]
        if let best = VoiceReport.classes(of: estimate).first {
            parts.append(padded(best.name, 22) + " " + fixed(best.value, 2) + " " + padded(bar(best.value, cells: 10, unicode: terminal.unicode), 10))
        }
        for dimension in estimate.dimensions { parts.append("\(dimension.name) \(signed(dimension.value))") }
        parts += estimate.warnings.map { VoiceReport.note($0) }
        return printable(parts.joined(separator: "  "))
    }

    private func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - displayWidth(text))) }

    private mutating func draw(_ line: String) {
        guard terminal.isInteractive else { return }
        isDrawn = true
        writeAll(1, "\r\u{1b}[K" + shortened(line, to: (terminal.width ?? 80) - 1, unicode: terminal.unicode))
    }

    private mutating func erase() {
        if isDrawn { writeAll(1, "\r\u{1b}[K") }
        isDrawn = false
    }
}
