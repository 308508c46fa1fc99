/// The picture files that Mien reads, told by their first bytes; names and declared types lie too often.
package enum PictureFileFormat: String, Sendable {
    case jpeg
    case png

    /// - Throws: `PICTURE_EMPTY`; `PICTURE_TRUNCATED` for less than a signature; `PICTURE_FORMAT_UNSUPPORTED`, naming what the bytes look
    ///   like.
    package init(sniffing bytes: UnsafeRawBufferPointer) throws(PictureError) {
        guard !bytes.isEmpty else { throw PictureError(.empty, "the picture has no bytes") }
        if bytes.starts(with: Self.jpegSignature) {
            self = .jpeg
        } else if bytes.starts(with: Self.pngSignature) {
            self = .png
        } else if [Self.jpegSignature, Self.pngSignature].contains(where: { bytes.elementsEqual($0.prefix(bytes.count)) }) {
            throw PictureError(.truncated, "the picture ends within its signature, after \(bytes.count) bytes")
        } else {
            throw PictureError(.unsupported, "this is not a JPEG or PNG picture but \(FileKind.describe(bytes))")
        }
    }

    static let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]
    static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
}
