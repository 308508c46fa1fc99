/// Looks over a recording's chunks for what decoders do not tell: that the file ends before it should.
enum AudioStructure {
    /// - Returns: What is missing, for people; `nil` if the file is whole as far as its structure tells. FLAC and MP3 tell only by the
    ///   number of samples they state.
    static func shortfall(of format: AudioFileFormat, in source: ByteSource) -> String? {
        let start = AudioFileFormat.lengthOfTags(source)
        switch format {
        case .wav: return chunks(of: "data", in: source, from: start, bigEndian: source.starts(with: "RIFX", at: start))
        case .aiff: return chunks(of: "SSND", in: source, from: start, bigEndian: true)
        case .flac: return flacMetadata(source, from: start)
        case .ogg: return lastOggPage(source)
        case .mp3:
            guard let frame = MPEGAudioFrame(at: start, in: source), frame.length > source.count - start else { return nil }
            return "the file ends within its first frame"
        }
    }

    /// Programs that cannot seek back to fill in the length of what they write leave about the largest number there.
    private static let unknownLength: UInt64 = 0x7FFF_0000

    /// Walks the chunks of an IFF file (RIFF is one) to the samples.
    private static func chunks(of wanted: String, in source: ByteSource, from start: Int, bigEndian: Bool) -> String? {
        var offset = start + 12
        var longLength: UInt64?
        // Every step moves at least 8 bytes on; many tiny chunks are an attack on time.
        for _ in 0..<10_000 {
            guard let size = source.integer(at: offset + 4, width: 4, bigEndian: bigEndian) else { break }
            if source.starts(with: wanted, at: offset) {
                let isLong = size == 0xFFFF_FFFF && longLength != nil
                let length = isLong ? longLength! : size
                let there = UInt64(source.count - offset - 8)
                guard length > there, isLong || length < unknownLength else { return nil }
                return "the file ends \(length - there) bytes before its samples do"
            }
            if source.starts(with: "ds64", at: offset) { longLength = source.integer(at: offset + 16, width: 8, bigEndian: false) }
            let (next, overflow) = offset.addingReportingOverflow(8 + Int(size) + Int(size & 1))
            guard !overflow, next < source.count else { break }
            offset = next
        }
        return "the file ends before its samples begin"
    }

    private static func flacMetadata(_ source: ByteSource, from start: Int) -> String? {
        var offset = start + 4
        for _ in 0..<10_000 {
            guard let head = source.integer(at: offset, width: 4, bigEndian: true) else { break }
            offset += 4 + Int(head & 0xFF_FFFF)
            if head >> 31 == 1 { return offset < source.count ? nil : "the file ends before its samples begin" }
        }
        return "the file ends within its metadata"
    }

    /// A whole Ogg file ends with a page that carries the end mark.
    private static func lastOggPage(_ source: ByteSource) -> String? {
        // A page has at most 65,307 bytes; a few more may trail it, such as an ID3v1 tag.
        let start = max(0, source.count - 65_307 - 1024)
        let tail = source.bytes(at: start, count: source.count - start)
        let magic = Array("OggS\0".utf8)
        guard let page = tail.indices.reversed().first(where: { tail[$0] == magic[0] && tail[$0...].starts(with: magic) }) else { return nil }
        guard page + 27 <= tail.count, page + 27 + Int(tail[page + 26]) <= tail.count else { return "the last Ogg page is cut off" }
        let segments = tail[(page + 27)..<(page + 27 + Int(tail[page + 26]))]
        guard page + 27 + segments.count + segments.reduce(0, { $0 + Int($1) }) <= tail.count else { return "the last Ogg page is cut off" }
        return tail[page + 5] & 4 != 0 ? nil : "the last Ogg page has no end mark"
    }
}
