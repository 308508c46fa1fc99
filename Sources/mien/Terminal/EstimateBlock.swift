import MienMessages

/// One estimate of an estimator that has much to say, as lines: the strongest categories as a table, those on which it abstains, dimensions and attributes.
struct EstimateBlock {
    let estimate: Proto.Estimate
    /// Categories shown.
    let top: Int
    static let usualTop = 10

    /// Whether an estimate says more than fits a line per emotion.
    static func suits(_ estimate: Proto.Estimate) -> Bool {
        estimate.coveredCategories.count > usualTop || !estimate.members.isEmpty || !estimate.shadows.isEmpty || !estimate.attributes.isEmpty || estimate.categories.contains { $0.abstained || $0.aboveNeutral != nil }
    }

    init(_ estimate: Proto.Estimate, top: Int?) {
        self.estimate = estimate
        self.top = top ?? Self.usualTop
    }

    /// - Parameters:
    ///   - heading: What it is about; the first gives way on a narrow terminal.
    ///   - notes: Doubts about the input.
    func render(heading: [String], notes: String, _ terminal: Terminal) -> [String] {
        var heading = heading.map(printable).filter { !$0.isEmpty }
        if let width = terminal.width, let first = heading.first {
            let rest = (heading.dropFirst() + (notes.isEmpty ? [] : [notes])).reduce(0) { $0 + 2 + displayWidth($1) }
            heading[0] = shortened(first, to: max(width - rest, 8), unicode: terminal.unicode)
        }
        let title = heading.enumerated().map { $0.offset == 0 ? terminal.styled($0.element, .bold) : $0.element }
        return [(title + (notes.isEmpty ? [] : [terminal.styled(printable(notes), .yellow)])).joined(separator: "  ")] + body(terminal)
    }

    /// What stands for an input of which nothing was estimated.
    static func nothing(_ file: String, _ reason: String, notes: String, _ terminal: Terminal) -> [String] {
        [([printable(file), terminal.styled(reason, .dim)] + (notes.isEmpty ? [] : [terminal.styled(printable(notes), .yellow)])).joined(separator: "  ")]
    }

    private func body(_ terminal: Terminal) -> [String] {
        var inner = terminal
        inner.width = terminal.width.map { max($0 - 2, 20) }
        let spoken = estimate.categories.filter { !$0.abstained }, withheld = estimate.categories.filter(\.abstained)
        var lines: [String] = []
        if !spoken.isEmpty { lines += categories(Array(spoken.prefix(top)), inner) }
        if spoken.count > top { lines.append(terminal.styled("and \(spoken.count - top) more; --all shows them", .dim)) }
        if !withheld.isEmpty {
            lines += wrapped("no estimate: raters do not agree about " + withheld.map { printable($0.name) }.joined(separator: ", "), to: inner.width)
                .map { terminal.styled($0, .dim) }
        }
        if !estimate.dimensions.isEmpty { lines.append(estimate.dimensions.map { Self.text($0, terminal) }.joined(separator: "  ")) }
        if !estimate.attributes.isEmpty { lines += attributes(inner) }
        for shadow in estimate.shadows { lines += wrapped(Self.text(shadow), to: inner.width).map { terminal.styled($0, .dim) } }
        return lines.map { "  " + $0 }
    }

    private static func text(_ dimension: Proto.DimensionEstimate, _ terminal: Terminal) -> String {
        printable(dimension.name) + " " + signed(dimension.value) + (dimension.disagreement.map { " \(plusMinus(terminal))" + fixed($0, 2) } ?? "")
    }

    private static func plusMinus(_ terminal: Terminal) -> String { terminal.unicode ? "±" : "+-" }

    /// "beside it other-voice: Anger -0.31, Sadness +0.12", what differs most first.
    private static func text(_ shadow: Proto.ShadowEstimate) -> String {
        let name = "beside it " + printable(shadow.madeBy?.estimator ?? "")
        if let failure = shadow.failure { return "\(name) failed: \(printable(failure.message))" }
        let differences = shadow.differences.sorted { abs($0.value) > abs($1.value) }.prefix(6).map { "\(printable($0.name)) \(signed($0.value))" }
        return "\(name): " + (differences.isEmpty ? "speaks of nothing in common" : differences.joined(separator: ", "))
    }

    private func categories(_ shown: [Proto.CategoryEstimate], _ terminal: Terminal) -> [String] {
        if !estimate.members.isEmpty { return ensemble(shown, terminal) }
        let cells = isNarrow(terminal) ? 10 : 16, hasNeutral = estimate.categories.contains { $0.aboveNeutral != nil }
        let scales = Set(shown.map { $0.nativeScale.map(Self.range) ?? "" }), common = scales.count == 1 ? scales.first : nil
        var table = Table([.init("#", alignedRight: true), .init("EMOTION", shrinks: true), .init("INTENSITY"),
                           .init(common.map { $0.isEmpty ? "SCORE" : "SCORE \($0)" } ?? "SCORE", alignedRight: true)]
                          + (hasNeutral ? [.init("ABOVE NEUTRAL", alignedRight: true)] : []))
        for category in shown {
            let drawn = bar(category.intensity, cells: cells, unicode: terminal.unicode), isFirst = category.rank == 1
            let score = fixed(category.nativeScore, 2) + (common == nil ? category.nativeScale.map { " of " + Self.range($0) } ?? "" : "")
            table.add([.init(String(category.rank)), .init(category.name, isFirst ? .bold : nil),
                       .init(fixed(category.intensity, 2) + (drawn.isEmpty ? "" : " " + drawn), isFirst ? .green : .dim), .init(score)]
                      + (hasNeutral ? [.init(category.aboveNeutral.map { signed($0) } ?? "")] : []))
        }
        return table.render(terminal)
    }

    /// The mean, how far the members disagree, and where there is room what each says.
    private func ensemble(_ shown: [Proto.CategoryEstimate], _ terminal: Terminal) -> [String] {
        let members = isNarrow(terminal) ? [] : estimate.members
        var table = Table([.init("#", alignedRight: true), .init("EMOTION", shrinks: true), .init("MEAN INTENSITY"), .init(Self.plusMinus(terminal), alignedRight: true)]
                          + members.map { .init(shortened($0.madeBy?.estimator ?? "", to: 20, unicode: terminal.unicode), alignedRight: true) })
        for category in shown {
            let drawn = bar(category.intensity, cells: 10, unicode: terminal.unicode), isFirst = category.rank == 1
            table.add([.init(String(category.rank)), .init(category.name, isFirst ? .bold : nil),
                       .init(fixed(category.intensity, 2) + (drawn.isEmpty ? "" : " " + drawn), isFirst ? .green : .dim), .init(category.disagreement.map { fixed($0, 2) } ?? "")]
                      + members.map { member in
                          .init(member.categories.first { $0.name == category.name && !$0.abstained }.map { fixed($0.intensity, 2) } ?? "-")
                      })
        }
        return table.render(terminal)
    }

    /// Each with the ends of its scale: behind the numbers, or where there is no room, on a line of their own.
    private func attributes(_ terminal: Terminal) -> [String] {
        let hasNeutral = estimate.attributes.contains { $0.aboveNeutral != nil }
        var table = Table([.init("ATTRIBUTE"), .init("VALUE", alignedRight: true)] + (hasNeutral ? [.init("ABOVE NEUTRAL", alignedRight: true)] : []))
        for attribute in estimate.attributes {
            let name = isNarrow(terminal) ? shortened(attribute.name, to: 24, unicode: terminal.unicode) : attribute.name
            let value = Self.isSigned(attribute) ? signed(attribute.value, 1) : fixed(attribute.value, 1)
            table.add([.init(name), .init(value)] + (hasNeutral ? [.init(attribute.aboveNeutral.map { signed($0, 1) } ?? "")] : []))
        }
        let lines = table.render(terminal)
        // A line without a last cell is shorter; the header, which may have escape sequences, is not counted.
        let width = lines.dropFirst().map(displayWidth).max() ?? 0
        return [lines[0]] + zip(lines.dropFirst(), estimate.attributes).flatMap { line, attribute in
            let scale = attribute.scale ?? Proto.NativeScale()
            let ends = printable("\(attribute.lowEnd) \(Self.end(scale.minimum, false)) ... \(Self.end(scale.maximum, Self.isSigned(attribute))) \(attribute.highEnd)")
            let space = String(repeating: " ", count: width - displayWidth(line) + 2), styled = terminal.styled(ends, .dim)
            return width + 2 + displayWidth(ends) <= terminal.width ?? .max ? [line + space + styled] : [line, "  " + styled]
        }
    }

    private func isNarrow(_ terminal: Terminal) -> Bool { (terminal.width ?? .max) < 98 }

    private static func isSigned(_ attribute: Proto.AttributeEstimate) -> Bool { (attribute.scale?.minimum ?? 0) < 0 }

    /// "0..7"
    private static func range(_ scale: Proto.NativeScale) -> String { "\(end(scale.minimum, false))..\(end(scale.maximum, false))" }

    /// "7" rather than "7.0", "+2" if it is to have a sign.
    private static func end(_ value: Float, _ isSigned: Bool) -> String {
        let digits = Int(exactly: value) == nil ? 1 : 0
        return isSigned ? signed(value, digits) : fixed(value, digits)
    }
}

/// A text as lines of at most `width` columns, cut between words; nil: one line.
func wrapped(_ text: String, to width: Int?) -> [String] {
    guard let width else { return [text] }
    var lines: [String] = [], line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, displayWidth(line) + 1 + displayWidth(String(word)) > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
}
