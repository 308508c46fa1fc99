import MienMessages

/// Answers about recordings as a table, one line per emotion, grouped by time and file; and for each recording with several estimates the
/// course of arousal and valence. Of estimators that say more, a block for each estimate.
struct VoiceReport {
    /// Emotions shown per estimate; nil: 2 in a table, 10 in a block.
    var top: Int?
    /// Cells of a full bar.
    static let barCells = 16

    private(set) var answers: [(file: String, answer: Proto.EstimateVoiceResponse)] = []

    init(top: Int?) { self.top = top }

    mutating func add(_ file: String, _ answer: Proto.EstimateVoiceResponse) { answers.append((file, answer)) }

    func render(_ terminal: Terminal) -> [String] {
        var lines = estimates.contains(where: EstimateBlock.suits) ? blocks(terminal) : table(terminal)
        for (file, answer) in answers where answer.estimates.count > 2 { lines += [""] + Timeline(file, answer).render(terminal) }
        return lines
    }

    private var estimates: [Proto.Estimate] { answers.flatMap(\.answer.estimates) }
    private var tableTop: Int { top ?? 2 }

    private func blocks(_ terminal: Terminal) -> [String] {
        let all: [[String]] = answers.flatMap { file, answer in
            guard !answer.estimates.isEmpty else {
                return [EstimateBlock.nothing(file, "no speech", notes: notes(answer.warnings.filter { $0.reason != "NO_SPEECH" }), terminal)]
            }
            return answer.estimates.enumerated().map { index, estimate in
                EstimateBlock(estimate, top: top).render(heading: [file, Self.time(of: estimate)],
                                                         notes: notes(estimate.warnings + (index == 0 ? answer.warnings : [])), terminal)
            }
        }
        return Array(all.joined(separator: [""]))
    }

    private func table(_ terminal: Terminal) -> [String] {
        let title = estimates.contains { !Self.isCalibrated($0) } ? "INTENSITY" : "PROBABILITY"
        var table = Table([.init("FILE", shrinks: true), .init("TIME"), .init("EMOTION"), .init(title), .init("AROUSAL", alignedRight: true),
                           .init("VALENCE", alignedRight: true), .init("NOTE")])
        for (file, answer) in answers {
            if answer.estimates.isEmpty {
                table.add([.init(file), "-", .init("no speech", .dim), "", "", "", .init(notes(answer.warnings.filter { $0.reason != "NO_SPEECH" }), .yellow)])
            }
            for (index, estimate) in answer.estimates.enumerated() {
                add(estimate, file: index == 0 ? file : "", notes: notes(estimate.warnings + (index == 0 ? answer.warnings : [])), to: &table, terminal)
            }
        }
        let most = estimates.map { Self.classes(of: $0).count }.max() ?? 0
        return table.render(terminal) + restNote(shown: tableTop, of: most, terminal)
    }

    private func add(_ estimate: Proto.Estimate, file: String, notes: String, to table: inout Table, _ terminal: Terminal) {
        let time = Self.time(of: estimate)
        func dimension(_ name: String) -> String { estimate.dimensions.first { $0.name == name }.map { signed($0.value) } ?? "" }
        let arousal = dimension("arousal"), valence = dimension("valence")
        if Self.classes(of: estimate).isEmpty {
            table.add([.init(file), .init(time), "-", "", .init(arousal), .init(valence), .init(notes, .yellow)])
        }
        for (index, row) in Self.classes(of: estimate).prefix(tableTop).enumerated() {
            let first = index == 0
            var probability = fixed(row.value, 2)
            let drawn = bar(row.value, cells: Self.barCells, unicode: terminal.unicode)
            if !drawn.isEmpty { probability += " " + drawn }
            table.add([.init(first ? file : ""), .init(first ? time : ""), .init(row.name, first ? .bold : nil), .init(probability, first ? .green : .dim),
                       .init(first ? arousal : ""), .init(first ? valence : ""), .init(first ? notes : "", .yellow)])
        }
    }

    /// "0:01.2-0:03.4"
    static func time(of estimate: Proto.Estimate) -> String {
        guard case .voice(let segment)? = estimate.subject else { return "" }
        return "\(clock(segment.start))-\(clock(segment.end))"
    }

    static func isCalibrated(_ estimate: Proto.Estimate) -> Bool { !estimate.categories.isEmpty && estimate.categories.allSatisfy { $0.calibratedProbability != nil } }

    /// The intensities of the categories, the strongest first. Where these are probabilities of classes, and all were asked for, classes that
    /// have no category of their own (neutral) count as well: to leave them out would make a calm voice look as if it were emotional.
    static func classes(of estimate: Proto.Estimate) -> [(name: String, value: Float)] {
        guard isCalibrated(estimate), estimate.categories.count >= estimate.coveredCategories.count else {
            return estimate.categories.filter { !$0.abstained }.map { ($0.name, $0.intensity) }
        }
        let covered = Dictionary(estimate.categories.map { ($0.nativeScore, $0.name) }, uniquingKeysWith: { first, _ in first })
        return estimate.nativeScores.map { (covered[$0.score] ?? $0.label, $0.score) }.sorted { $0.1 > $1.1 }
    }

    /// "audio clipped".
    static func note(_ warning: Proto.Warning) -> String { warning.reason.lowercased().split(separator: "_").joined(separator: " ") }

    private func notes(_ warnings: [Proto.Warning]) -> String { warnings.map(Self.note).joined(separator: ", ") }
}

/// "1:02.3", or "1:01:02.3" from an hour on.
func clock(_ seconds: Double) -> String {
    let tenths = Int((max(seconds, 0) * 10).rounded())
    let (hours, minutes, rest) = (tenths / 36_000, tenths / 600 % 60, tenths % 600)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":\(two(rest / 10)).\(rest % 10)"
}

/// "+0.12", "-0.50".
func signed(_ value: Float, _ digits: Int = 2) -> String {
    let text = fixed(value, digits)
    return text.hasPrefix("-") ? text : "+" + text
}

/// The course of arousal and valence as two lines of blocks over the length of a recording.
struct Timeline {
    private let file: String
    private let duration: Double
    private let points: [(time: Double, arousal: Float?, valence: Float?)]

    init(_ file: String, _ answer: Proto.EstimateVoiceResponse) {
        self.file = file
        duration = answer.audio?.duration ?? 0
        points = answer.estimates.compactMap { estimate in
            guard case .voice(let segment)? = estimate.subject else { return nil }
            func value(_ name: String) -> Float? { estimate.dimensions.first { $0.name == name }?.value }
            return ((segment.start + segment.end) / 2, value("arousal"), value("valence"))
        }
    }

    /// Blocks of rising height from -1 to 1; a space where nothing was estimated.
    func render(_ terminal: Terminal) -> [String] {
        let cells = min(max((terminal.width ?? 80) - 10, 10), 100)
        func line(_ name: String, _ value: (Int) -> Float?) -> String {
            var sums = [(sum: Float, count: Float)](repeating: (0, 0), count: cells)
            for (index, point) in points.enumerated() {
                guard let value = value(index), value.isFinite, duration > 0 else { continue }
                let cell = min(max(Int(point.time / duration * Double(cells)), 0), cells - 1)
                sums[cell] = (sums[cell].sum + value, sums[cell].count + 1)
            }
            let steps = terminal.unicode ? Array("▁▂▃▄▅▆▇█") : Array("_.-=+*#@")
            let last = sums.lastIndex { $0.count > 0 } ?? -1
            return name + " " + String(sums[...last].map { sum, count in
                count == 0 ? " " : steps[min(max(Int((sum / count + 1) / 2 * Float(steps.count)), 0), steps.count - 1)]
            })
        }
        return [printable(file) + ", from 0:00.0 to \(clock(duration)), low to high:", line("arousal") { points[$0].arousal }, line("valence") { points[$0].valence }]
    }
}
