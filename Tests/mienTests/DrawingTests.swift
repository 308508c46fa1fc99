import MienMessages
@testable import mien
import Testing

@Suite struct DrawingTests {
    private func canvas(_ width: Int, _ height: Int) -> Canvas {
        Canvas(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 3))
    }

    private func red(_ canvas: Canvas, _ x: Int, _ y: Int) -> UInt8 { canvas.pixels[(y * canvas.width + x) * 3] }

    @Test func aFilledRectangleCoversItsPixelsAndSharesThoseAtItsEdge() {
        var canvas = canvas(4, 4)
        canvas.fill(left: 1, top: 1, width: 1.5, height: 1, .white)
        #expect(red(canvas, 1, 1) == 255)
        #expect(red(canvas, 2, 1) == 128)
        #expect(red(canvas, 3, 1) == 0)
        #expect(red(canvas, 1, 2) == 0)
    }

    @Test func aLineThroughPixelCentresIsSolidThere() {
        var canvas = canvas(8, 3)
        canvas.stroke([[(1.5, 1.5), (6.5, 1.5)]], width: 1, .white)
        for x in 1...6 { #expect(red(canvas, x, 1) == 255) }
        #expect(red(canvas, 3, 0) == 0)
    }

    @Test(arguments: [(Float.nan, Float(2)), (.infinity, 2), (-1e30, 2), (1e30, 1e30), (-50, -50)])
    func shapesOutsideThePictureOrWithoutAPlaceDoNoHarm(x: Float, y: Float) {
        var canvas = canvas(4, 4)
        canvas.outline(left: x, top: y, width: 10, height: 10, pen: 2, .white)
        canvas.disc((x, y), radius: 3, .white)
        canvas.text("abc", left: x, top: y, size: 10, .white)
        canvas.fill(left: x, top: y, width: 1, height: 1, .white)
        #expect(canvas.pixels.count == 48)
    }

    @Test func everyPrintableCharacterHasAGlyphOfItsOwn() {
        var seen: [String: Character] = [:]
        for value in UInt8(0x21)...0x7e {
            let character = Character(UnicodeScalar(value))
            guard !"$^`{}~".contains(character) else { continue }
            let glyph = StrokeFont.glyph(character)
            #expect(!glyph.strokes.isEmpty)
            let form = "\(glyph.width) \(glyph.strokes)"
            #expect(seen[form] == nil, "\(character) looks like \(seen[form] ?? " ")")
            seen[form] = character
        }
    }

    @Test func anAnswerIsDrawnOntoThePictureAndStaysInside() {
        var canvas = canvas(64, 48)
        Annotation.draw(ReportTests.twoFaces, on: &canvas, top: 3)
        #expect(canvas.pixels.contains { $0 > 100 })
    }
}
