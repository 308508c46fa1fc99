import InferenceCore
import MienEstimation
import MienMedia
import Testing

@testable import FaceFinding
@testable import OnnxFace

@Suite("what a network is shown")
struct InputTests {
    /// An input of the given extents with the manifest of `tiny` around it.
    private func input(_ colour: FaceManifest.Colour, width: Int, height: Int, scale: Double, mean: [Double], std: [Double], resize: FaceManifest.Resize = .bilinear,
                       crop: FaceManifest.Crop = .box(isSquare: false, margin: 0)) throws -> FaceInput {
        var manifest = try Fixture.plugin("tiny").manifest
        manifest.input = FaceManifest.Input(height: height, width: width, colour: colour, resize: resize, scale: scale, mean: mean, std: std)
        manifest.crop = crop
        return FaceInput(manifest)
    }

    private let two = Picture(width: 2, height: 1, format: .rgb, pixels: [0, 51, 102, 255, 204, 153])

    /// (p / 255 - mean) / std by hand: 51 / 255 is 0.2, and so on. Halves and quarters, so that f32 holds the results exactly but for the fifths.
    @Test("is scaled, shifted and divided, each channel by its own numbers")
    func colours() throws {
        let rgb = try input(.rgb, width: 2, height: 1, scale: 1.0 / 255, mean: [0.5, 0, 0.25], std: [0.5, 1, 0.25]).tensor([two])
        #expect(rgb.shape == [1, 1, 2, 3] && rgb.values == [-1, 0.2, 0.6, 1, 0.8, 1.4])
        let bgr = try input(.bgr, width: 2, height: 1, scale: 1, mean: [2, 1, 0], std: [100, 10, 1]).tensor([two])
        #expect(bgr.values == [1, 5, 0, 1.51, 20.3, 255])
    }

    /// 0.299 R + 0.587 G + 0.114 B of the two pixels: 41.565 and 213.435, rounded to 8 bits before they are scaled.
    @Test("is grey where the network wants it, and grey three times where it wants colours")
    func greys() throws {
        let grey = try input(.grey, width: 2, height: 1, scale: 1, mean: [127.5], std: [127.5]), fitted = grey.fitted(two)
        #expect(fitted.format == .gray && fitted.pixels == [42, 213])
        #expect(grey.tensor([fitted]).values == [Float((42 - 127.5) / 127.5), Float((213 - 127.5) / 127.5)])
        let colours = try input(.rgb, width: 1, height: 1, scale: 1, mean: [0, 1, 2], std: [1, 1, 1])
        #expect(colours.tensor([blank(1, 1, 9, .gray)]).values == [9, 8, 7])
    }

    /// A unit of the last place apart: NumPy divides by 255 in another order.
    @Test("is what NumPy makes of the same pictures")
    func reference() throws {
        let tensor = FaceInput(try Fixture.plugin("tiny").manifest).tensor(try Fixture.pictures("pictures")), expected = try Fixture.expected("input")
        #expect(tensor.shape == expected.shape && tensor.shape == [4, 32, 24, 3])
        for (value, wanted) in zip(tensor.values, expected.values) { #expect(abs(value - wanted) <= max(abs(wanted).ulp, 1e-7)) }
    }

    @Test("has the input's extents, resized as the manifest says")
    func resizing() throws {
        // 4 to 2: the mean of the two in the middle of each half, against the mean of 3 that a triangle of width 2 weighs 3:3:1 and cuts at the edge.
        let line = Picture(width: 4, height: 1, format: .gray, pixels: [0, 70, 140, 210])
        let nearest = try input(.grey, width: 2, height: 1, scale: 1, mean: [0], std: [1]), smooth = try input(.grey, width: 2, height: 1, scale: 1, mean: [0], std: [1], resize: .antialiased)
        #expect(nearest.fitted(line).pixels == [35, 175])
        #expect(smooth.fitted(line).pixels == [50, 160])
        let high = try input(.rgb, width: 24, height: 32, scale: 1, mean: [0, 0, 0], std: [1, 1, 1]).fitted(blank(7, 9, 3))
        #expect((high.width, high.height) == (24, 32))
    }

    @Test("is the face's box with its margin, or the face turned upright")
    func crops() throws {
        var pixels: [UInt8] = []
        for y in 0..<80 { for x in 0..<100 { pixels += [UInt8(x), UInt8(y), 0] } }
        let picture = Picture(width: 100, height: 80, format: .rgb, pixels: pixels)
        let points = FaceTemplate.arcFace.points.map { Point(x: Float($0.x * 40 + 30), y: Float($0.y * 40 + 20)) }
        let face = FoundFace(Detection(box: Box(left: 30, top: 20, width: 20, height: 40), visible: 1, confidence: 1, landmarks: points), in: picture)
        func cut(_ crop: FaceManifest.Crop, _ face: FoundFace) throws -> Picture {
            try input(.rgb, width: 40, height: 40, scale: 1, mean: [0, 0, 0], std: [1, 1, 1], crop: crop).cut(face, from: picture)
        }
        let box = try cut(.box(isSquare: false, margin: 0.5), face)
        #expect((box.width, box.height, box.pixels[0], box.pixels[1]) == (40, 80, 20, 0))
        let square = try cut(.box(isSquare: true, margin: 0), face)
        #expect((square.width, square.height, square.pixels[0], square.pixels[1]) == (40, 40, 20, 20))
        let aligned = try cut(.aligned, face)
        #expect((aligned.width, aligned.height, aligned.pixels[0], aligned.pixels[1]) == (40, 40, 30, 20))
        // Without landmarks: the whole picture as it is; of a face whose landmarks are one point the square box.
        #expect(try cut(.aligned, FoundFace(whole: picture)).width == 100)
        let lost = FoundFace(Detection(box: face.box, visible: 1, confidence: 1, landmarks: Array(repeating: Point(x: 40, y: 40), count: 5)), in: picture)
        #expect(try cut(.aligned, lost).pixels == square.pixels)
    }

    @Test("is cut out of no picture with a side over 2048 pixels, and boxes stay those of the photo")
    func bound() {
        let small = blank(2048, 3, 7), large = blank(4096, 10, 7).boundedForFaces()
        #expect(small.boundedForFaces().width == 2048 && small.boundedForFaces().height == 3)
        #expect((large.width, large.height, large.originalWidth, large.originalHeight) == (2048, 5, 4096, 10))
        #expect(blank(5000, 1, 7).boundedForFaces().height == 1)
    }
}
