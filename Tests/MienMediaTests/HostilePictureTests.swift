import MienMedia
import Testing

@Suite struct HostilePictureTests {
    @Test(arguments: ["ycbcr-420.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg", "restarts.jpg", "one-pixel.jpg", "orientation-8.jpg",
                      "rgb8.png", "palette4-interlaced.png", "graya16.png", "filters.png", "exif-6.png"])
    func everyTruncationIsRefusedAsTruncation(name: String) throws {
        let bytes = try Fixture.bytes(name)
        #expect(refusal([]) == .empty)
        for count in 1..<bytes.count {
            let reason = refusal(Array(bytes[..<count]))
            #expect(reason == .truncated, "first \(count) of \(bytes.count) bytes")
        }
        #expect(refusal(bytes) == nil)
        #expect(refusal(bytes + [0, 1, 2, 0xFF, 0xD8]) == nil, "what follows the end does not matter")
    }

    /// The end marker alone does not make a picture whole.
    @Test(arguments: ["ycbcr-420.jpg", "progressive.jpg", "gray.jpg"])
    func jpegWithDataMissingBeforeTheEndIsRefused(name: String) throws {
        let bytes = try Fixture.bytes(name)
        #expect(refusal(Array(bytes[..<(bytes.count - 60)]) + [0xFF, 0xD9]) == .truncated)
    }

    @Test(arguments: [
        (Array("GIF89a...........".utf8), "GIF"), (Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "WebP"), (Array("RIFF\0\0\0\0WAVEfmt ".utf8), "WAV"),
        (Array("\0\0\0\u{18}ftypheic\0\0\0\0".utf8), "HEIC"), (Array("\0\0\0\u{18}ftypavif\0\0\0\0".utf8), "AVIF"),
        (Array("\0\0\0\u{18}ftypisom\0\0\0\0".utf8), "MP4"), (Array("BM\0\0\0\0".utf8), "BMP"), (Array("II*\0\u{8}\0\0\0".utf8), "TIFF"),
        (Array("MM\0*\0\0\0\u{8}".utf8), "TIFF"), (Array("%PDF-1.7".utf8), "PDF"), (Array("PK\u{3}\u{4}".utf8), "ZIP"),
        (Array("Dear Sir or Madam,\n".utf8), "text"), (Array("  <svg xmlns='".utf8), "markup"), ([0, 0, 0, 0, 0, 0], "zero bytes"),
        ([0x80, 0x81, 0x82, 0x03, 0x04], "unknown kind"), (Array("fLaC\0\0".utf8), "FLAC"),
    ] as [([UInt8], String)])
    func otherFormatsAreNamed(bytes: [UInt8], name: String) {
        do throws(PictureError) {
            _ = try Picture.decode(bytes)
            Issue.record("decoded")
        } catch {
            #expect(error.reason == .unsupported)
            #expect(error.message.contains(name), "\(error.message)")
        }
    }

    private func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }

    @Test(arguments: [(65_535, 65_535), (2_000_000_000, 2_000_000_000), (65_536, 1), (20_000, 20_000)])
    func pngBombsAreRefusedByTheirHeader(width: Int, height: Int) throws {
        var bytes = try Fixture.bytes("rgb8.png")
        bytes.replaceSubrange(16..<24, with: big(width) + big(height))
        #expect(refusal(bytes) == .tooLarge)
    }

    @Test func smallPNGWithPlausibleButEmptyDimensionsIsRefusedBeforeAllocation() throws {
        var bytes = try Fixture.bytes("rgb8.png")
        bytes.replaceSubrange(16..<24, with: big(9_000) + big(9_000))
        #expect(refusal(bytes) == .corrupt)
        bytes.replaceSubrange(16..<24, with: big(0) + big(9_000))
        #expect(refusal(bytes) == .dimensions)
    }

    private func withFrame(_ name: String, width: Int, height: Int) throws -> [UInt8] {
        var bytes = try Fixture.bytes(name)
        let frame = bytes.indices.first { $0 + 1 < bytes.count && bytes[$0] == 0xFF && (0xC0...0xC2).contains(bytes[$0 + 1]) }!
        bytes.replaceSubrange((frame + 5)..<(frame + 9), with: big(height)[2...] + big(width)[2...])
        return bytes
    }

    @Test func jpegBombsAreRefusedByTheirHeader() throws {
        #expect(refusal(try withFrame("ycbcr-420.jpg", width: 65_535, height: 65_535)) == .tooLarge)
        #expect(refusal(try withFrame("ycbcr-420.jpg", width: 9_000, height: 9_000)) == .corrupt)
        #expect(refusal(try withFrame("progressive.jpg", width: 9_000, height: 9_000)) == .tooLarge)
        #expect(refusal(try withFrame("gray.jpg", width: 0, height: 10)) == .dimensions)
        #expect(refusal(try withFrame("gray.jpg", width: 10, height: 0)) == .dimensions)
    }

    @Test func progressiveJPEGWithTooManyScansIsRefused() throws {
        let bytes = try Fixture.bytes("progressive.jpg")
        var limits = PictureLimits()
        limits.maximumScans = 5
        #expect(refusal(bytes, limits) == .tooLarge)
        // The last scan, over and over.
        let last = bytes.indices.last { $0 + 1 < bytes.count && bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }!
        let scan = bytes[last..<(bytes.count - 2)]
        let bomb = bytes[..<last] + Array(repeatElement(scan, count: 200).joined()) + [0xFF, 0xD9]
        #expect(refusal(Array(bomb)) == .tooLarge)
    }

    @Test func rareJPEGKindsAreNamed() throws {
        var bytes = try Fixture.bytes("gray.jpg")
        let frame = bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }!
        bytes[frame + 1] = 0xC9
        #expect(refusal(bytes) == .unsupported)
        bytes[frame + 1] = 0xC0
        bytes[frame + 4] = 12
        #expect(refusal(bytes) == .unsupported)
    }

    @Test func flippedBytesNeverCrash() throws {
        var generator = SeededGenerator(state: 1)
        for name in ["ycbcr-420.jpg", "progressive.jpg", "cmyk.jpg", "palette4-interlaced.png", "graya16.png", "gray8-key.png"] {
            let bytes = try Fixture.bytes(name)
            for _ in 0..<300 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
                _ = refusal(damaged)
            }
        }
    }

    @Test func noiseAfterASignatureIsRefused() {
        var generator = SeededGenerator(state: 2)
        for signature in [[0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], []] as [[UInt8]] {
            for _ in 0..<300 {
                let noise = (0..<Int.random(in: 1...400, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                #expect(refusal(signature + noise) != nil)
            }
        }
    }

    /// An Exif block whose directory points at itself, beyond the end, or states 65,535 entries.
    @Test(arguments: [[0, 0, 0, 0], [8, 0, 0, 0x80], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 9]] as [[UInt8]])
    func wildExifBlocksAreIgnored(offset: [UInt8]) throws {
        var bytes = try Fixture.bytes("orientation-3.jpg")
        let exif = bytes.indices.first { Array(bytes[$0..<min($0 + 4, bytes.count)]) == Array("Exif".utf8) }!
        let upright = try Picture.decode(Fixture.bytes("orientation-1.jpg"))
        bytes.replaceSubrange((exif + 10)..<(exif + 14), with: offset)
        let picture = try Picture.decode(bytes)
        #expect((picture.width, picture.height) == (upright.width, upright.height))
    }
}
