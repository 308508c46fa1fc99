#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a walk over the markers of a JPEG file tells before anything is decoded or allocated.
///
/// libjpeg trusts the header and draws grey where data are missing; the walk finds the size, the number of scans and whether the file is
/// whole, so that bombs and torn files are refused at the cost of one pass over the bytes.
struct JPEGStructure {
    private(set) var width = 0
    private(set) var height = 0
    private(set) var components = 0
    /// Some scan does not hold all components whole, so that the decoder has to keep all coefficients in memory.
    private(set) var isBuffered = false
    private(set) var scans = 0
    /// Number of 8x8 blocks of the finest component, rounded down.
    private(set) var blocks = 0
    private(set) var orientation = Orientation.upright

    init(_ bytes: UnsafeRawBufferPointer, limits: PictureLimits) throws(PictureError) {
        var position = 2
        var seenExif = false
        while true {
            let (marker, next) = try Self.marker(in: bytes, from: position)
            position = next
            switch marker {
            case 0xD9:
                guard scans > 0 else { throw PictureError(.corrupt, "the JPEG file ends without a picture in it") }
                return
            case 0x01, 0xD0...0xD7:
                continue
            case 0xD8:
                throw PictureError(.corrupt, "the JPEG file starts a second time at byte \(position - 2)")
            default:
                break
            }
            guard position + 2 <= bytes.count else { throw Self.truncated(bytes) }
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            guard length >= 2 else { throw PictureError(.corrupt, "JPEG segment at byte \(position) states a length of \(length)") }
            guard position + length <= bytes.count else { throw Self.truncated(bytes) }
            let segment = bytes[(position + 2)..<(position + length)]
            position += length
            switch marker {
            case 0xC0, 0xC1, 0xC2:
                try readFrame(segment, progressive: marker == 0xC2, limits: limits)
            case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                throw PictureError(.unsupported, "this is \(Self.rareKind(marker)) JPEG; only baseline and progressive are read")
            case 0xDA:
                try readScan(segment, limits: limits)
                position = Self.endOfScan(in: bytes, from: position)
            case 0xE1 where !seenExif && segment.count > 6 && segment.prefix(6).elementsEqual(Self.exifHeader):
                seenExif = true
                orientation = Orientation(tiff: segment.dropFirst(6))
            default:
                break
            }
        }
    }

    private static let exifHeader: [UInt8] = Array("Exif\0\0".utf8)

    static func truncated(_ bytes: UnsafeRawBufferPointer) -> PictureError {
        PictureError(.truncated, "the JPEG file is cut off: it ends after \(bytes.count) bytes, before its end marker")
    }

    private mutating func readFrame(_ segment: Slice<UnsafeRawBufferPointer>, progressive: Bool,
                                    limits: PictureLimits) throws(PictureError) {
        let bytes = UnsafeRawBufferPointer(rebasing: segment)
        guard components == 0 else { throw PictureError(.corrupt, "the JPEG file has two frame headers") }
        guard bytes.count >= 6 else { throw PictureError(.corrupt, "the JPEG frame header is too short") }
        guard bytes[0] == 8 else { throw PictureError(.unsupported, "JPEG with \(bytes[0]) bits per sample is not supported, only 8") }
        height = Int(bytes[1]) << 8 | Int(bytes[2])
        width = Int(bytes[3]) << 8 | Int(bytes[4])
        components = Int(bytes[5])
        guard [1, 3, 4].contains(components) else {
            throw PictureError(components == 0 ? .corrupt : .unsupported,
                               "JPEG with \(components) components is not supported, only 1, 3 and 4")
        }
        isBuffered = progressive
        try limits.check(width: width, height: height)
        guard bytes.count >= 6 + 3 * components else { throw PictureError(.corrupt, "the JPEG frame header is too short") }
        var finest = 0, widest = 1, tallest = 1
        for component in 0..<components {
            let across = Int(bytes[7 + 3 * component] >> 4), down = Int(bytes[7 + 3 * component] & 15)
            guard (1...4).contains(across), (1...4).contains(down) else {
                throw PictureError(.corrupt, "the JPEG frame header has impossible sampling factors")
            }
            finest = max(finest, across * down)
            widest = max(widest, across)
            tallest = max(tallest, down)
        }
        blocks = width * height * finest / (widest * tallest * 64)
    }

    private mutating func readScan(_ segment: Slice<UnsafeRawBufferPointer>, limits: PictureLimits) throws(PictureError) {
        guard components > 0 else { throw PictureError(.corrupt, "the JPEG file has a scan before its frame header") }
        guard let count = segment.first else { throw PictureError(.corrupt, "a JPEG scan header is empty") }
        if Int(count) < components { isBuffered = true }
        scans += 1
        guard scans <= limits.maximumScans else {
            throw PictureError(.tooLarge, "the JPEG file has more than \(limits.maximumScans) scans")
        }
        guard !isBuffered || width <= limits.maximumProgressivePixels / height else {
            throw PictureError(.tooLarge, "progressive JPEG of \(width) x \(height) pixels is over the limit of "
                + "\(limits.maximumProgressivePixels) pixels")
        }
    }

    /// The next marker's code and the position after it. Bytes between segments are skipped, as every decoder does.
    private static func marker(in bytes: UnsafeRawBufferPointer, from start: Int) throws(PictureError) -> (UInt8, Int) {
        var position = start
        while position < bytes.count, bytes[position] != 0xFF || position + 1 < bytes.count && bytes[position + 1] == 0 { position += 1 }
        while position < bytes.count, bytes[position] == 0xFF { position += 1 }
        guard position < bytes.count else { throw truncated(bytes) }
        return (bytes[position], position + 1)
    }

    /// Where the entropy-coded data that start at `start` end: at the next marker that is not a restart.
    private static func endOfScan(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return start }
        var position = start
        while position + 1 < bytes.count, let found = memchr(base + position, 0xFF, bytes.count - position - 1) {
            position = UnsafeRawPointer(found) - base
            switch bytes[position + 1] {
            case 0x00, 0xD0...0xD7: position += 2
            case 0xFF: position += 1
            default: return position
            }
        }
        return bytes.count
    }

    private static func rareKind(_ marker: UInt8) -> String {
        switch marker {
        case 0xC3: "lossless"
        case 0xC9, 0xCA: "arithmetic-coded"
        default: "hierarchical or lossless"
        }
    }
}
