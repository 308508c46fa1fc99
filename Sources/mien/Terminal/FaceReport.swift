import MienMessages

/// Answers about pictures as a table: one line per emotion, grouped by face and file. Of estimators that say more, a block for each face.
struct FaceReport {
    /// Emotions shown per face; nil: 3 in a table, 10 in a block.
    var top: Int?
    /// Cells of a full bar.
    static let barCells = 16

    private(set) var answers: [(file: String, answer: Proto.EstimateFaceResponse)] = []

    init(top: Int?) { self.top = top }

    mutating func add(_ file: String, _ answer: Proto.EstimateFaceResponse) { answers.append((file, answer)) }

    func render(_ terminal: Terminal) -> [String] {
        // A table has no room for valence and arousal.
        let isWide = answers.contains { $0.answer.estimates.contains { EstimateBlock.suits($0) || !$0.dimensions.isEmpty } }
        if isWide { return blocks(terminal) }
        var table = Table([.init("FILE", shrinks: true), .init("FACE"), .init("BOX"), .init("SURE", alignedRight: true), .init("EMOTION"),
                           .init("INTENSITY"), .init("NOTE")])
        for (file, answer) in answers {
            guard !answer.estimates.isEmpty else {
                table.add([.init(file), "-", "", "", .init("no face", .dim), "", .init(notes(answer.warnings), .yellow)])
                continue
            }
            for (index, estimate) in answer.estimates.enumerated() {
                add(estimate, file: index == 0 ? file : "", number: "\(index + 1)/\(answer.estimates.count)",
                    notes: notes(estimate.warnings + (index == 0 ? answer.warnings : [])), to: &table, terminal)
            }
        }
        let most = answers.flatMap { $0.answer.estimates.map(\.categories.count) }.max() ?? 0
        return table.render(terminal) + restNote(shown: tableTop, of: most, terminal)
    }

    private var tableTop: Int { top ?? 3 }

    private func blocks(_ terminal: Terminal) -> [String] {
        let all: [[String]] = answers.flatMap { file, answer in
            guard !answer.estimates.isEmpty else {
                return [EstimateBlock.nothing(file, "no face", notes: notes(answer.warnings), terminal)]
            }
            return answer.estimates.enumerated().map { index, estimate in
                var heading = [file, "face \(index + 1)/\(answer.estimates.count)"]
                if case .face(let face)? = estimate.subject { heading += [face.box.map(Self.text) ?? "", "sure \(fixed(face.detectionConfidence, 2))"] }
                return EstimateBlock(estimate, top: top)
                    .render(heading: heading, notes: notes(estimate.warnings + (index == 0 ? answer.warnings : [])), terminal)
            }
        }
        return Array(all.joined(separator: [""]))
    }

    private func add(_ estimate: Proto.Estimate, file: String, number: String, notes: String, to table: inout Table, _ terminal: Terminal) {
        var box = "", confidence = ""
        if case .face(let face)? = estimate.subject {
            box = face.box.map(Self.text) ?? ""
            confidence = fixed(face.detectionConfidence, 2)
        }
        let shown = estimate.categories.prefix(tableTop)
        if shown.isEmpty { table.add([.init(file), .init(number), .init(box), .init(confidence), "", "", .init(notes, .yellow)]) }
        for (index, category) in shown.enumerated() {
            let first = index == 0
            var intensity = fixed(category.intensity, 2)
            let drawn = bar(category.intensity, cells: Self.barCells, unicode: terminal.unicode)
            if !drawn.isEmpty { intensity += " " + drawn }
            table.add([.init(first ? file : ""), .init(first ? number : ""), .init(first ? box : ""), .init(first ? confidence : ""),
                       .init(category.name, first ? .bold : nil), .init(intensity, first ? .green : .dim),
                       .init(first ? notes : "", .yellow)])
        }
    }

    /// "97x131+178+68": width and height, then left and top, in whole pixels.
    static func text(_ box: Proto.Box) -> String {
        "\(fixed(box.width, 0))x\(fixed(box.height, 0))+\(fixed(box.left, 0))+\(fixed(box.top, 0))"
    }

    private func notes(_ warnings: [Proto.Warning]) -> String {
        warnings.map { $0.reason.lowercased().split(separator: "_").joined(separator: " ") }.joined(separator: ", ")
    }
}
