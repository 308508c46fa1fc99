import MienMedia
import Testing

@Suite struct PictureDecodingTests {
    static let jpegs = Fixture.expected.keys.filter { $0.hasSuffix(".jpg") && $0 != "large.jpg" }.sorted()
    static let pngs = Fixture.expected.keys.filter { $0.hasSuffix(".png") }.sorted()

    @Test(arguments: jpegs) func jpegDecodesAsInPillow(name: String) throws {
        let expected = try #require(Fixture.expected[name])
        let picture = try Picture.decode(Fixture.bytes(name))
        #expect((picture.width, picture.height) == (expected.width, expected.height))
        #expect((picture.originalWidth, picture.originalHeight) == (expected.width, expected.height))
        #expect(picture.format.channels == expected.channels)
        // Builds of libjpeg-turbo round differently by a level or two, and CMYK goes through one more product.
        #expect(largestDifference(picture.pixels, [UInt8](expected.pixels!)) <= 2)
    }

    @Test(arguments: pngs) func pngDecodesExactly(name: String) throws {
        let expected = try #require(Fixture.expected[name])
        let picture = try Picture.decode(Fixture.bytes(name))
        #expect((picture.width, picture.height) == (expected.width, expected.height))
        #expect(picture.format.channels == expected.channels)
        // Blending with white may round the other way by a level.
        #expect(largestDifference(picture.pixels, [UInt8](expected.pixels!)) <= (name.contains("a") && !name.hasPrefix("gray1") ? 1 : 0))
    }

    @Test func everyKindOfFileIsAmongTheFixtures() {
        #expect(Self.jpegs.count == 17)
        #expect(Self.pngs.count == 33)
    }

    @Test(arguments: [(100, 102, 75), (101, 102, 75), (50, 51, 38), (51, 51, 38), (25, 26, 19), (10, 26, 19),
                      (102, 102, 75), (103, 203, 150), (4000, 203, 150), (0, 26, 19)])
    func largePhotosAreScaledDownWhileDecodedButNotBelowWhatSuffices(sufficient: Int, width: Int, height: Int) throws {
        let bytes = try Fixture.bytes("large.jpg")
        let picture = try Picture.decode(bytes, limits: PictureLimits(sufficientSide: sufficient))
        #expect((picture.width, picture.height) == (width, height))
        #expect((picture.originalWidth, picture.originalHeight) == (203, 150))
        let full = try Picture.decode(bytes).shrunk(width: width, height: height)
        let differences = zip(full.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }
        // The last, partial blocks cover a little more in the one than in the other.
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 10)
    }

    @Test func scaledPhotosAreTurnedToo() throws {
        let picture = try Picture.decode(Fixture.bytes("orientation-6.jpg"), limits: PictureLimits(sufficientSide: 18))
        #expect((picture.width, picture.height) == (13, 19))
        #expect((picture.originalWidth, picture.originalHeight) == (26, 37))
    }

    @Test(arguments: [Picture.Format.gray, .rgb])
    func whatIsWrittenAsPNGIsReadBackExactly(_ format: Picture.Format) throws {
        let picture = try Picture.raw(width: 5, height: 3, format: format, pixels: (0..<UInt8(15 * format.channels)).map { $0 &* 37 })
        let again = try Picture.decode(PNGEncoder.encode(picture))
        #expect((again.width, again.height) == (5, 3))
        #expect(again.format == format && again.pixels == picture.pixels)
    }

    @Test(arguments: ["ycbcr-420.jpg", "gray.jpg", "cmyk.jpg", "progressive.jpg", "gray8.png"])
    func whatIsEncodedDecodesToNearlyTheSame(name: String) throws {
        let picture = try Picture.decode(Fixture.bytes(name))
        let again = try Picture.decode(JPEGEncoder.encode(picture, quality: 98))
        #expect((again.width, again.height, again.format) == (picture.width, picture.height, picture.format))
        #expect(largestDifference(again.pixels, picture.pixels) < 24)
    }

    @Test func rawPixelsAreCheckedAgainstTheirExtents() throws {
        let picture = try Picture.raw(width: 2, height: 3, format: .rgb, pixels: Array(0..<18))
        #expect((picture.width, picture.height, picture.pixels.count) == (2, 3, 18))
        func reason(_ width: Int, _ height: Int, _ format: Picture.Format, _ count: Int) -> PictureError.Reason? {
            do throws(PictureError) {
                _ = try Picture.raw(width: width, height: height, format: format, pixels: [UInt8](repeating: 0, count: count))
                return nil
            } catch { return error.reason }
        }
        #expect(reason(2, 3, .rgb, 17) == .dimensions)
        #expect(reason(2, 3, .gray, 18) == .dimensions)
        #expect(reason(0, 3, .rgb, 0) == .dimensions)
        #expect(reason(-2, -3, .gray, 6) == .dimensions)
        #expect(reason(.max, .max, .rgb, 3) == .tooLarge)
        #expect(reason(.min, 1, .rgb, 3) == .dimensions)
        #expect(reason(65_535, 65_535, .gray, 3) == .tooLarge)
        #expect(reason(65_536, 1, .gray, 65_536) == .tooLarge)
    }
}
