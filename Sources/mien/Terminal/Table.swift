/// Columns of text, each as wide as it must be; on a terminal one of them gives way so that lines fit.
struct Table {
    struct Column {
        var title: String
        var alignedRight = false
        /// This column is cut when the terminal is too narrow.
        var shrinks = false
        init(_ title: String, alignedRight: Bool = false, shrinks: Bool = false) {
            self.title = title
            self.alignedRight = alignedRight
            self.shrinks = shrinks
        }
    }

    struct Cell: ExpressibleByStringLiteral {
        var text: String
        var style: Terminal.Style?
        init(_ text: String, _ style: Terminal.Style? = nil) {
            self.text = printable(text)
            self.style = style
        }
        init(stringLiteral value: String) { self.init(value) }
    }

    var columns: [Column]
    private(set) var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ cells: [Cell]) {
        precondition(cells.count == columns.count, "a cell for each column")
        rows.append(cells)
    }

    /// The lines, without trailing spaces.
    func render(_ terminal: Terminal) -> [String] {
        var widths = columns.indices.map { column in
            rows.reduce(displayWidth(columns[column].title)) { max($0, displayWidth($1[column].text)) }
        }
        if let limit = terminal.width, let flexible = columns.firstIndex(where: \.shrinks) {
            let total = widths.reduce(0, +) + 2 * (widths.count - 1)
            if total > limit { widths[flexible] = max(widths[flexible] - (total - limit), min(8, widths[flexible])) }
        }
        let header = columns.map { Cell($0.title, .bold) }
        return ([header] + rows).map { row in
            var line = "", pending = 0
            for (index, cell) in row.enumerated() {
                let text = shortened(cell.text, to: widths[index], unicode: terminal.unicode)
                let space = widths[index] - displayWidth(text)
                if !text.isEmpty {
                    line += String(repeating: " ", count: pending + (columns[index].alignedRight ? space : 0))
                    line += cell.style.map { terminal.styled(text, $0) } ?? text
                    pending = columns[index].alignedRight ? 0 : space
                } else {
                    pending += space
                }
                pending += 2
            }
            return line
        }
    }
}

/// What stands below a table that leaves something out.
func restNote(shown: Int, of count: Int, _ terminal: Terminal) -> [String] {
    guard count > shown else { return [] }
    return [terminal.styled("The \(shown == 1 ? "" : "\(shown) ")strongest of \(count) \(shown == 1 ? "is" : "are") shown; --all shows all.", .dim)]
}

/// A bar for 0...1 of `cells` characters, in eighths where the terminal knows block characters.
func bar(_ value: Float, cells: Int, unicode: Bool) -> String {
    let value = value.isFinite ? min(max(value, 0), 1) : 0
    guard unicode else { return String(repeating: "#", count: Int((value * Float(cells)).rounded())) }
    let eighths = Int((value * Float(cells * 8)).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
}

/// `value` with so many digits after the point; not rounded to even, not localised.
func fixed(_ value: Float, _ digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (Double(value) * scale).rounded()
    guard abs(scaled) < 1e15 else { return "\(value)" }
    let whole = Int(scaled.magnitude)
    let fraction = String(whole % Int(scale))
    let sign = scaled < 0 ? "-" : ""
    return digits == 0 ? "\(sign)\(whole)" : "\(sign)\(whole / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}

/// "1.5 MB", in powers of 1000.
func byteText(_ bytes: Int64) -> String {
    var value = Double(bytes), unit = 0
    let units = ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5, unit < units.count - 1 { value /= 1000; unit += 1 }
    return unit == 0 ? "\(bytes) B" : "\(fixed(Float(value), value < 10 ? 1 : 0)) \(units[unit])"
}
