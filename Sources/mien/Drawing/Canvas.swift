/// 8-bit RGB pixels that shapes are blended onto, with smooth edges. Coordinates are pixels, y down; a pixel's centre is at +0.5.
struct Canvas {
    let width: Int
    let height: Int
    /// `[height, width, 3]`.
    private(set) var pixels: [UInt8]

    struct Colour {
        var red: Float, green: Float, blue: Float
        init(_ red: Float, _ green: Float, _ blue: Float) { (self.red, self.green, self.blue) = (red, green, blue) }
        static let white = Colour(255, 255, 255)
        static let black = Colour(0, 0, 0)
    }

    typealias Spot = (x: Float, y: Float)

    init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3, "pixels fit the extents")
        (self.width, self.height, self.pixels) = (width, height, pixels)
    }

    /// Blends `colour` over one pixel; `coverage` 0...1.
    private mutating func blend(_ x: Int, _ y: Int, _ colour: Colour, _ coverage: Float) {
        guard coverage > 0, x >= 0, y >= 0, x < width, y < height else { return }
        let at = (y * width + x) * 3, keep = 1 - min(coverage, 1), add = min(coverage, 1)
        pixels[at] = UInt8(Float(pixels[at]) * keep + colour.red * add + 0.5)
        pixels[at + 1] = UInt8(Float(pixels[at + 1]) * keep + colour.green * add + 0.5)
        pixels[at + 2] = UInt8(Float(pixels[at + 2]) * keep + colour.blue * add + 0.5)
    }

    mutating func fill(left: Float, top: Float, width: Float, height: Float, _ colour: Colour, opacity: Float = 1) {
        let right = left + width, bottom = top + height
        for y in rows(top, bottom) {
            let vertical = min(bottom, Float(y + 1)) - max(top, Float(y))
            for x in columns(left, right) {
                blend(x, y, colour, vertical * (min(right, Float(x + 1)) - max(left, Float(x))) * opacity)
            }
        }
    }

    mutating func disc(_ centre: Spot, radius: Float, _ colour: Colour) {
        for y in rows(centre.y - radius - 1, centre.y + radius + 1) {
            for x in columns(centre.x - radius - 1, centre.x + radius + 1) {
                let dx = Float(x) + 0.5 - centre.x, dy = Float(y) + 0.5 - centre.y
                blend(x, y, colour, radius + 0.5 - (dx * dx + dy * dy).squareRoot())
            }
        }
    }

    /// Draws polylines with round ends. What overlaps within one call is drawn once.
    mutating func stroke(_ lines: [[Spot]], width pen: Float, _ colour: Colour, opacity: Float = 1) {
        let all = lines.joined()
        guard let left = all.lazy.map(\.x).min(), let right = all.lazy.map(\.x).max(),
              let top = all.lazy.map(\.y).min(), let bottom = all.lazy.map(\.y).max() else { return }
        let margin = pen / 2 + 1
        let xs = columns(left - margin, right + margin), ys = rows(top - margin, bottom + margin)
        guard !xs.isEmpty, !ys.isEmpty else { return }
        var coverage = [Float](repeating: 0, count: xs.count * ys.count)
        for line in lines {
            for index in line.indices.dropLast(line.count > 1 ? 1 : 0) {
                let a = line[index], b = line[min(index + 1, line.count - 1)]
                let dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy
                for y in rows(min(a.y, b.y) - margin, max(a.y, b.y) + margin) {
                    for x in columns(min(a.x, b.x) - margin, max(a.x, b.x) + margin) {
                        let px = Float(x) + 0.5 - a.x, py = Float(y) + 0.5 - a.y
                        let along = length > 0 ? min(max((px * dx + py * dy) / length, 0), 1) : 0
                        let ex = px - along * dx, ey = py - along * dy
                        let cover = min(max(pen / 2 + 0.5 - (ex * ex + ey * ey).squareRoot(), 0), 1)
                        let at = (y - ys.lowerBound) * xs.count + x - xs.lowerBound
                        coverage[at] = max(coverage[at], cover)
                    }
                }
            }
        }
        for y in ys {
            for x in xs { blend(x, y, colour, coverage[(y - ys.lowerBound) * xs.count + x - xs.lowerBound] * opacity) }
        }
    }

    mutating func outline(left: Float, top: Float, width: Float, height: Float, pen: Float, _ colour: Colour, opacity: Float = 1) {
        let right = left + width, bottom = top + height
        stroke([[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]], width: pen, colour, opacity: opacity)
    }

    /// Writes one line of text; `top` is the top of its capitals and `size` their height, in pixels.
    mutating func text(_ text: String, left: Float, top: Float, size: Float, _ colour: Colour) {
        let unit = size / StrokeFont.capHeight
        var x = left, lines: [[Spot]] = []
        for character in text {
            let glyph = StrokeFont.glyph(character)
            for line in glyph.strokes {
                lines.append(line.map { (x + $0.x * unit, top + size - ($0.y - StrokeFont.baseline) * unit) })
            }
            x += (glyph.width + StrokeFont.gap) * unit
        }
        stroke(lines, width: max(size / 7, 1.1), colour)
    }

    /// Width of a line of text in pixels, without the gap after its last glyph.
    static func textWidth(_ text: String, size: Float) -> Float {
        let units = text.reduce(Float(0)) { $0 + StrokeFont.glyph($1).width + StrokeFont.gap }
        return max(units - StrokeFont.gap, 0) * size / StrokeFont.capHeight
    }

    private func rows(_ top: Float, _ bottom: Float) -> Range<Int> { span(top, bottom, height) }
    private func columns(_ left: Float, _ right: Float) -> Range<Int> { span(left, right, width) }

    /// The pixels that an interval touches.
    private func span(_ low: Float, _ high: Float, _ count: Int) -> Range<Int> {
        guard low.isFinite, high.isFinite, high > 0, low < Float(count), low < high else { return 0..<0 }
        return max(Int(low.rounded(.down)), 0)..<min(Int(min(high, Float(count)).rounded(.up)), count)
    }
}
