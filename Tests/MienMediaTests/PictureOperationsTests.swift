import Foundation
import MienMedia
import Testing

@Suite struct PictureOperationsTests {
    @Test func grayIsOpenCVsToTheBit() {
        #expect(formula(61, 43, .rgb).grayscale().pixels == [UInt8](Fixture.operations.gray))
    }

    @Test(arguments: Fixture.operations.bilinear.keys.sorted()) func bilinearIsOpenCVsToTheBit(name: String) {
        let sizes = name.split(separator: " ").map { Int($0)! }
        let picture = formula(sizes[0], sizes[1], sizes[4] == 1 ? .gray : .rgb).resizedBilinear(width: sizes[2], height: sizes[3])
        #expect(largestDifference(picture.pixels, [UInt8](Fixture.operations.bilinear[name]!)) == 0)
    }

    @Test(arguments: Fixture.operations.area.keys.sorted()) func shrinkingIsOpenCVsAreaMean(name: String) {
        let sizes = name.split(separator: " ").map { Int($0)! }
        let picture = formula(sizes[0], sizes[1], sizes[4] == 1 ? .gray : .rgb).shrunk(width: sizes[2], height: sizes[3])
        #expect(largestDifference(picture.pixels, [UInt8](Fixture.operations.area[name]!)) <= 1)
    }

    @Test func laplacianVarianceIsOpenCVs() {
        let expected = Fixture.operations.laplacian
        #expect(abs(formula(61, 43, .gray).laplacianVariance - expected) < 1e-6 * expected)
        #expect(formula(1, 1, .gray).laplacianVariance == 0)
    }

    @Test func croppingPadsWhatLiesOutside() {
        let picture = formula(4, 3, .gray)
        let crop = picture.cropped(left: -1, top: 1, width: 6, height: 3, padding: 9)
        let rows: [[UInt8]] = [[9], Array(picture.pixels[4..<8]), [9, 9], Array(picture.pixels[8..<12]), [9], [9, 9, 9, 9, 9, 9]]
        #expect(crop.pixels == Array(rows.joined()))
        #expect(picture.cropped(left: 50, top: -80, width: 2, height: 2).pixels == [0, 0, 0, 0])
        #expect(picture.cropped(left: 0, top: 0, width: 4, height: 3).pixels == picture.pixels)
    }

    @Test func orientationsComposeAsTheyShould() {
        let picture = formula(5, 3, .rgb)
        for (orientation, inverse) in [(Orientation.mirrored, .mirrored), (.rotated180, .rotated180), (.flipped, .flipped),
                                       (.transposed, .transposed), (.rotated90, .rotated270), (.transversed, .transversed),
                                       (.rotated270, .rotated90)] as [(Orientation, Orientation)] {
            #expect(picture.oriented(orientation).oriented(inverse).pixels == picture.pixels, "\(orientation)")
        }
    }

    @Test func similarityIsUmeyamas() throws {
        let known = Fixture.operations.umeyama
        func points(_ rows: [[Double]]) -> [(x: Double, y: Double)] { rows.map { ($0[0], $0[1]) } }
        let transform = try #require(SimilarityTransform(from: points(known.source), to: points(known.target)))
        for (value, wanted) in zip([transform.a, transform.b, transform.shiftX, transform.shiftY], known.expected) {
            #expect(abs(value - wanted) < 1e-9 * max(1, abs(wanted)))
        }
        let inverse = try #require(transform.inverse)
        let there = transform(12.5, -3)
        let back = inverse(there.x, there.y)
        #expect(abs(back.x - 12.5) < 1e-9 && abs(back.y + 3) < 1e-9)
    }

    @Test func degeneratePointsHaveNoSimilarity() {
        #expect(SimilarityTransform(from: [(1, 1), (1, 1)], to: [(0, 0), (1, 0)]) == nil)
        #expect(SimilarityTransform(from: [(1, 1)], to: [(0, 0)]) == nil)
        #expect(SimilarityTransform(from: [(.nan, 1), (2, 2)], to: [(0, 0), (1, 0)]) == nil)
        #expect(SimilarityTransform(from: [(0, 1), (2, 2)], to: [(0, 0)]) == nil)
        #expect(SimilarityTransform(a: 0, b: 0, shiftX: 1, shiftY: 1).inverse == nil)
        #expect(formula(3, 3, .gray).warped(by: SimilarityTransform(a: 0, b: 0, shiftX: 0, shiftY: 0), width: 2, height: 2) == nil)
    }

    @Test func warpingMovesPixelsAsTheTransformSays() throws {
        let picture = formula(6, 5, .rgb)
        let same = try #require(picture.warped(by: SimilarityTransform(a: 1, b: 0, shiftX: 0, shiftY: 0), width: 6, height: 5))
        #expect(same.pixels == picture.pixels)
        let moved = try #require(picture.warped(by: SimilarityTransform(a: 1, b: 0, shiftX: 2, shiftY: -1), width: 6, height: 5))
        #expect(moved.pixels == picture.cropped(left: -2, top: 1, width: 6, height: 5).pixels)
        // A quarter turn clockwise: (x, y) to (4 - y, x).
        let turned = try #require(picture.warped(by: SimilarityTransform(a: 0, b: 1, shiftX: 4, shiftY: 0), width: 5, height: 6))
        #expect(turned.pixels == picture.oriented(.rotated90).pixels)
        let far = try #require(picture.warped(by: SimilarityTransform(a: 1e-100, b: 0, shiftX: 1e200, shiftY: 0), width: 2, height: 2))
        #expect(far.pixels.allSatisfy { $0 == 0 })
    }

    @Test func exposureDescribesTheLight() {
        let picture = Picture(width: 2, height: 2, format: .gray, pixels: [0, 255, 100, 101])
        #expect(picture.exposure.mean == 114)
        #expect(picture.exposure.black == 0.25)
        #expect(picture.exposure.white == 0.25)
        #expect(abs(picture.exposure.contrast - 91.16) < 0.1)
    }
}
