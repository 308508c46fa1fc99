/// Tells what a file that Mien cannot use looks like, so that an error can name it.
enum FileKind {
    /// - Returns: With an article: "a PDF document", "text", "data of an unknown kind".
    static func describe(_ bytes: UnsafeRawBufferPointer) -> String {
        func starts(_ signature: [UInt8], at offset: Int) -> Bool {
            bytes.count >= offset + signature.count && bytes[offset..<(offset + signature.count)].elementsEqual(signature)
        }
        if let known = signatures.first(where: { starts($0.signature, at: $0.offset) }) { return known.name }
        let head = bytes.prefix(64)
        if head.allSatisfy({ $0 == 0 }) { return "a run of zero bytes" }
        let isText = head.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard isText else { return "data of an unknown kind" }
        return head.first { $0 > 0x20 } == UInt8(ascii: "<") ? "markup text (SVG, HTML or XML)" : "text"
    }

    /// In an order in which the special comes before the general.
    private static let signatures: [(signature: [UInt8], offset: Int, name: String)] = [
        ([0xFF, 0xD8, 0xFF], 0, "a JPEG picture"),
        ([0x89, 0x50, 0x4E, 0x47], 0, "a PNG picture"),
        (Array("GIF8".utf8), 0, "a GIF picture"),
        (Array("WEBP".utf8), 8, "a WebP picture"),
        (Array("WAVE".utf8), 8, "a WAV recording"),
        (Array("AVI ".utf8), 8, "an AVI film"),
        (Array("ftypheic".utf8), 4, "a HEIC picture"),
        (Array("ftypheix".utf8), 4, "a HEIC picture"),
        (Array("ftypmif1".utf8), 4, "a HEIF picture"),
        (Array("ftypmsf1".utf8), 4, "a HEIF picture"),
        (Array("ftypavif".utf8), 4, "an AVIF picture"),
        (Array("ftypM4A ".utf8), 4, "an M4A (AAC or ALAC) recording"),
        (Array("ftypM4B ".utf8), 4, "an M4B (AAC) audiobook"),
        (Array("ftyp".utf8), 4, "an MP4 or QuickTime film"),
        (Array("moov".utf8), 4, "a QuickTime film"),
        (Array("mdat".utf8), 4, "a QuickTime film"),
        ([0x1A, 0x45, 0xDF, 0xA3], 0, "a Matroska or WebM film or recording"),
        ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], 0, "a Windows Media (ASF) film or recording"),
        (Array("FLV\u{1}".utf8), 0, "a Flash film"),
        ([0x00, 0x00, 0x01, 0xBA], 0, "an MPEG film"),
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
        (Array("AIF".utf8), 8, "an AIFF recording"),
        (Array("ID3".utf8), 0, "an MP3 recording"),
        (Array("#!AMR".utf8), 0, "an AMR recording"),
        (Array("caff".utf8), 0, "a Core Audio (CAF) recording"),
        (Array(".snd".utf8), 0, "a Sun AU recording"),
        (Array("riff".utf8), 0, "a Wave64 recording"),
        (Array("NIST_1A".utf8), 0, "a NIST SPHERE recording"),
        (Array("MThd".utf8), 0, "a MIDI file"),
        (Array("MAC ".utf8), 0, "a Monkey's Audio recording"),
        (Array("wvpk".utf8), 0, "a WavPack recording"),
        ([0xFF, 0xF1], 0, "a raw AAC (ADTS) recording"),
        ([0xFF, 0xF9], 0, "a raw AAC (ADTS) recording"),
    ]
}
