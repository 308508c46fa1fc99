@testable import FaceFinding
import MienEstimation
import MienMedia
import Testing

@Suite struct FaceCropsTests {
    /// Red counts the columns, green the lines.
    private func grid(_ width: Int, _ height: Int, originalWidth: Int? = nil, originalHeight: Int? = nil) -> Picture {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { pixels += [UInt8(x + 1), UInt8(y + 1), 200] }
        }
        return Picture(width: width, height: height, format: .rgb, pixels: pixels, originalWidth: originalWidth, originalHeight: originalHeight)
    }

    private func face(_ box: Box, _ landmarks: [Point] = [], in picture: Picture) -> FoundFace {
        FoundFace(Detection(box: box, visible: 1, confidence: 0.9, landmarks: landmarks), in: picture)
    }

    /// Column, line and extents of a crop that begins within the picture.
    private func place(_ crop: Picture) -> [Int] { [Int(crop.pixels[0]) - 1, Int(crop.pixels[1]) - 1, crop.width, crop.height] }

    @Test func aBoxIsCutOutWithItsMargin() {
        let picture = grid(100, 80), found = face(Box(left: 20, top: 30, width: 20, height: 10), in: picture)
        #expect(place(picture.cropped(to: found)) == [20, 30, 20, 10])
        #expect(place(picture.cropped(to: found, margin: 0.5)) == [10, 25, 40, 20])
        #expect(place(picture.cropped(to: found, margin: -0.25)) == [25, 33, 10, 5])
        #expect(place(picture.cropped(to: found, isSquare: true)) == [20, 25, 20, 20])
        #expect(place(picture.cropped(to: found, margin: 0.25, isSquare: true)) == [15, 20, 30, 30])
    }

    @Test func beyondThePictureThereIsBlack() {
        let picture = grid(30, 30), crop = picture.cropped(to: face(Box(left: 0, top: 10, width: 10, height: 10), in: picture), margin: 0.5)
        #expect((crop.width, crop.height) == (20, 20))
        #expect(Array(crop.pixels[0..<3]) == [0, 0, 0])
        #expect(Array(crop.pixels[15..<18]) == [1, 6, 200])
    }

    @Test func boxesCountThePhotosPixelsAndCropsThePictures() {
        let picture = grid(50, 40, originalWidth: 100, originalHeight: 80)
        let found = face(Box(left: 20, top: 30, width: 20, height: 10), in: picture)
        #expect(place(picture.cropped(to: found)) == [10, 15, 10, 5])
    }

    @Test func theWholePictureIsItsOwnCrop() {
        let picture = grid(7, 5), found = FoundFace(whole: picture)
        #expect(picture.cropped(to: found, margin: 1, isSquare: true).pixels == picture.pixels)
        #expect(picture.aligned(to: found, width: 8, height: 8) == nil)
        #expect(found.face.box == Box(left: 0, top: 0, width: 7, height: 5))
    }

    @Test(arguments: [(0.1, 0.1), (1, 1), (0.4, 7)]) func theSmallestBoxHasAPixel(width: Float, height: Float) {
        let picture = grid(9, 9), crop = picture.cropped(to: face(Box(left: 4, top: 1, width: width, height: height), in: picture), margin: -0.4)
        #expect(crop.width >= 1 && crop.height >= 1)
    }

    /// A face whose landmarks lie on the template already is the crop; one that lies elsewhere is brought there.
    @Test func landmarksComeToLieOnTheTemplate() throws {
        let picture = grid(200, 200)
        let points = FaceTemplate.arcFace.points.map { Point(x: Float($0.x * 56 + 30), y: Float($0.y * 56 + 40)) }
        let crop = try #require(picture.aligned(to: face(Box(left: 30, top: 40, width: 56, height: 56), points, in: picture), width: 56, height: 56))
        #expect(crop.pixels == picture.cropped(left: 30, top: 40, width: 56, height: 56).pixels)
        let twice = try #require(picture.aligned(to: face(Box(left: 30, top: 40, width: 56, height: 56), points, in: picture), width: 112, height: 112))
        // Pixel (40, 60) of the larger crop shows the photo at (30 + 20, 40 + 30).
        #expect(Array(twice.pixels[((60 * 112 + 40) * 3)..<((60 * 112 + 40) * 3 + 2)]) == [51, 71])
    }

    @Test func anAssessmentTakesCropsOfAnySize() {
        let picture = grid(200, 180), found = face(Box(left: 20, top: 30, width: 100, height: 90), in: picture)
        for crop in [picture.cropped(to: found), picture.cropped(to: found).resizedSmoothly(width: 224, height: 224), blank(1, 1)] {
            let quality = FaceAssessment(found, crop: crop).quality
            #expect(quality.size == 1 && (0...1).contains(quality.overall))
        }
    }
}
