/// What a plot is drawn on. Units are pixels, y down.
protocol PlotSurface {
    mutating func fill(left: Float, top: Float, width: Float, height: Float, _ colour: Canvas.Colour, opacity: Float)
    mutating func line(_ points: [Canvas.Spot], width: Float, _ colour: Canvas.Colour)
    /// One line of text whose capitals are `size` high; `anchor` 0 begins at `x`, 1 ends there.
    mutating func write(_ text: String, x: Float, top: Float, size: Float, _ colour: Canvas.Colour, anchor: Float)
}

extension Canvas: PlotSurface {
    mutating func line(_ points: [Spot], width: Float, _ colour: Colour) {
        // Long lines in pieces: a stroke keeps the pixels around it in memory.
        for start in stride(from: 0, to: max(points.count - 1, 0), by: 64) {
            stroke([Array(points[start...min(start + 64, points.count - 1)])], width: width, colour)
        }
    }

    mutating func write(_ text: String, x: Float, top: Float, size: Float, _ colour: Colour, anchor: Float) {
        self.text(text, left: x - anchor * Canvas.textWidth(text, size: size), top: top, size: size, colour)
    }
}

/// The same as an SVG document.
struct SVGSurface: PlotSurface {
    private let width: Int, height: Int
    private var elements: [String] = []

    init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    var document: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" font-family="sans-serif">
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    mutating func fill(left: Float, top: Float, width: Float, height: Float, _ colour: Canvas.Colour, opacity: Float) {
        let alpha = opacity < 1 ? " fill-opacity=\"\(fixed(opacity, 2))\"" : ""
        elements.append("<rect x=\"\(fixed(left, 1))\" y=\"\(fixed(top, 1))\" width=\"\(fixed(max(width, 0), 1))\" height=\"\(fixed(max(height, 0), 1))\" fill=\"\(text(colour))\"\(alpha)/>")
    }

    mutating func line(_ points: [Canvas.Spot], width: Float, _ colour: Canvas.Colour) {
        let path = points.map { "\(fixed($0.x, 1)),\(fixed($0.y, 1))" }.joined(separator: " ")
        elements.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(text(colour))\" stroke-width=\"\(fixed(width, 1))\" stroke-linejoin=\"round\"/>")
    }

    mutating func write(_ text: String, x: Float, top: Float, size: Float, _ colour: Canvas.Colour, anchor: Float) {
        let place = anchor == 0 ? "start" : anchor == 1 ? "end" : "middle"
        // Capitals are about 0.72 of a font's size.
        elements.append("<text x=\"\(fixed(x, 1))\" y=\"\(fixed(top + size, 1))\" font-size=\"\(fixed(size / 0.72, 1))\" text-anchor=\"\(place)\" fill=\"\(self.text(colour))\">\(escaped(text))</text>")
    }

    private func text(_ colour: Canvas.Colour) -> String { "rgb(\(Int(colour.red)),\(Int(colour.green)),\(Int(colour.blue)))" }

    private func escaped(_ text: String) -> String {
        printable(text).reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
    }
}
