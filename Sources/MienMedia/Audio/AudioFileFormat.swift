/// The recordings that Mien reads, told by their first bytes; names and declared types lie too often.
package enum AudioFileFormat: String, Sendable, CaseIterable {
    /// RIFF, RIFX (big-endian) and RF64 (over 4 GiB).
    case wav
    /// AIFF and AIFF-C.
    case aiff
    case flac
    /// Vorbis or Opus in Ogg.
    case ogg
    /// MPEG audio, layers I to III.
    case mp3

    static let supported = "WAV, FLAC, Ogg (Vorbis, Opus), MP3 and AIFF are supported"

    /// - Throws: `AUDIO_EMPTY`; `AUDIO_TRUNCATED` for less than a signature; `AUDIO_FORMAT_UNSUPPORTED`, naming what the bytes look like.
    init(sniffing source: ByteSource) throws(AudioError) {
        guard source.count > 0 else { throw AudioError(.empty, "the recording has no bytes") }
        let start = Self.lengthOfTags(source)
        let head = source.bytes(at: start, count: 64)
        let id = String(decoding: head.prefix(4), as: UTF8.self)
        let kind = String(decoding: head.dropFirst(8).prefix(4), as: UTF8.self)
        switch (id, kind) {
        case ("RIFF", "WAVE"), ("RIFX", "WAVE"), ("RF64", "WAVE"): self = .wav
        case ("FORM", "AIFF"), ("FORM", "AIFC"): self = .aiff
        case ("fLaC", _): self = .flac
        case ("OggS", _):
            try Self.checkOggCodec(source, page: start)
            self = .ogg
        default:
            if MPEGAudioFrame.isFollowedByAnother(at: start, in: source) {
                self = .mp3
                return
            }
            let isCutOff = head.count < 12 && ["RIFF", "RIFX", "RF64", "FORM", "fLaC"].contains { $0.utf8.starts(with: head.prefix(4)) }
                || head.count < 10 && "ID3".utf8.starts(with: head.prefix(3)) || head.count < 4 && (head.first == 0xFF || "Ogg".utf8.starts(with: head))
            if isCutOff { throw Self.cutOff(source) }
            let name = head.withUnsafeBytes { FileKind.describe($0) }
            throw AudioError(.unsupported, "this is \(name); \(Self.supported)")
        }
    }

    /// libsndfile reads the first stream of an Ogg file, if it is one of two kinds.
    private static func checkOggCodec(_ source: ByteSource, page: Int) throws(AudioError) {
        guard let segments = source.integer(at: page + 26, width: 1, bigEndian: false) else { throw cutOff(source) }
        let packet = source.bytes(at: page + 27 + Int(segments), count: 8)
        guard packet.count == 8 else { throw cutOff(source) }
        if packet.starts(with: "OpusHead".utf8) || packet.starts(with: "\u{1}vorbis".utf8) { return }
        let name = packet.starts(with: "\u{7F}FLAC".utf8) ? "FLAC" : packet.starts(with: "Speex".utf8) ? "Speex"
            : packet[0] == 0x80 ? "a film" : "an unknown codec"
        throw AudioError(.unsupported, "this is an Ogg file of \(name); \(supported)")
    }

    private static func cutOff(_ source: ByteSource) -> AudioError {
        AudioError(.truncated, "the recording ends within its signature, after \(source.count) bytes")
    }

    /// Bytes of the ID3v2 tags before the recording itself.
    static func lengthOfTags(_ source: ByteSource) -> Int {
        var offset = 0
        // Some taggers leave an older tag behind a new one.
        for _ in 0..<8 {
            let head = source.bytes(at: offset, count: 10)
            guard head.count == 10, head.starts(with: "ID3".utf8), head[6...].allSatisfy({ $0 < 0x80 }) else { break }
            let size = head[6...].reduce(0) { $0 << 7 | Int($1) }
            // A footer repeats the header.
            offset += 10 + size + (head[5] & 0x10 != 0 ? 10 : 0)
        }
        return offset
    }
}
