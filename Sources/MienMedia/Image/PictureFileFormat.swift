/// The picture files that Mien reads, told by their first bytes; names and declared types lie too often.
package enum PictureFileFormat: String, Sendable {
    case jpeg
    case png

    /// - Throws: `PICTURE_EMPTY`; `PICTURE_TRUNCATED` for less than a signature; `PICTURE_FORMAT_UNSUPPORTED`, naming what the bytes look
    ///   like.
    package init(sniffing bytes: UnsafeRawBufferPointer) throws(PictureError) {
        guard !bytes.isEmpty else { throw PictureError(.empty, "the picture has no bytes") }
        func starts(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + signature.count && bytes[offset..<(offset + signature.count)].elementsEqual(signature)
        }
        if starts(Self.jpegSignature) {
            self = .jpeg
        } else if starts(Self.pngSignature) {
            self = .png
        } else if [Self.jpegSignature, Self.pngSignature].contains(where: { bytes.elementsEqual($0.prefix(bytes.count)) }) {
            throw PictureError(.truncated, "the picture ends within its signature, after \(bytes.count) bytes")
        } else {
            let kind = Self.otherKinds.first { starts($0.signature, at: $0.offset) }?.name ?? Self.describe(bytes)
            throw PictureError(.unsupported, "this is not a JPEG or PNG picture but \(kind)")
        }
    }

    static let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]
    static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// In an order in which the special comes before the general.
    private static let otherKinds: [(signature: [UInt8], offset: Int, name: String)] = [
        (Array("GIF8".utf8), 0, "a GIF picture"),
        (Array("WEBP".utf8), 8, "a WebP picture"),
        (Array("WAVE".utf8), 8, "a WAV recording"),
        (Array("ftypheic".utf8), 4, "a HEIC picture"),
        (Array("ftypheix".utf8), 4, "a HEIC picture"),
        (Array("ftypmif1".utf8), 4, "a HEIF picture"),
        (Array("ftypmsf1".utf8), 4, "a HEIF picture"),
        (Array("ftypavif".utf8), 4, "an AVIF picture"),
        (Array("ftyp".utf8), 4, "an MP4 or QuickTime film"),
        ([0x49, 0x49, 0x2A, 0x00], 0, "a TIFF picture"),
        ([0x4D, 0x4D, 0x00, 0x2A], 0, "a TIFF picture"),
        ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], 0, "a JPEG 2000 picture"),
        ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20], 0, "a JPEG XL picture"),
        ([0xFF, 0x0A], 0, "a JPEG XL picture"),
        ([0x00, 0x00, 0x01, 0x00], 0, "an icon file"),
        (Array("BM".utf8), 0, "a BMP picture"),
        (Array("%PDF".utf8), 0, "a PDF document"),
        ([0x50, 0x4B, 0x03, 0x04], 0, "a ZIP archive"),
        ([0x1F, 0x8B], 0, "a gzip file"),
        (Array("fLaC".utf8), 0, "a FLAC recording"),
        (Array("OggS".utf8), 0, "an Ogg recording"),
    ]

    private static func describe(_ bytes: UnsafeRawBufferPointer) -> String {
        let head = bytes.prefix(64)
        if head.allSatisfy({ $0 == 0 }) { return "a run of zero bytes" }
        let isText = head.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard isText else { return "data of an unknown kind" }
        return head.first { $0 > 0x20 } == UInt8(ascii: "<") ? "markup text (SVG, HTML or XML)" : "text"
    }
}
