/// The header of one frame of an MPEG audio stream (MP3 and its elders).
struct MPEGAudioFrame {
    /// In bytes, with the header; 0 if the stream is of a free bit rate, which does not say.
    let length: Int
    /// Where a Xing, Info or VBRI block would lie, from the start of the frame.
    private let countOffset: Int

    init?(at offset: Int, in source: ByteSource) {
        let bytes = source.bytes(at: offset, count: 4)
        guard bytes.count == 4, bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0 else { return nil }
        let version = Int(bytes[1] >> 3 & 3), layer = 4 - Int(bytes[1] >> 1 & 3)
        let bitRateIndex = Int(bytes[2] >> 4), rateIndex = Int(bytes[2] >> 2 & 3)
        guard version != 1, layer != 4, bitRateIndex != 15, rateIndex != 3 else { return nil }
        let isFirstVersion = version == 3
        let rate = [44_100, 48_000, 32_000][rateIndex] >> (isFirstVersion ? 0 : version == 2 ? 1 : 2)
        let bitRate = 1000 * Self.kilobits[isFirstVersion ? layer - 1 : layer == 1 ? 3 : 4][bitRateIndex]
        let padding = Int(bytes[2] >> 1 & 1)
        switch layer {
        case 1: length = bitRate == 0 ? 0 : (12 * bitRate / rate + padding) * 4
        case 2: length = bitRate == 0 ? 0 : 144 * bitRate / rate + padding
        default: length = bitRate == 0 ? 0 : (isFirstVersion ? 144 : 72) * bitRate / rate + padding
        }
        let isMono = bytes[3] >> 6 == 3
        countOffset = 4 + (isFirstVersion ? (isMono ? 17 : 32) : (isMono ? 9 : 17))
    }

    /// Two frames in a row: four bytes alone are found in noise, and in text with a byte order mark, too easily. One is enough if the
    /// file ends with it or if its length is unknown.
    static func isFollowedByAnother(at offset: Int, in source: ByteSource) -> Bool {
        guard let first = MPEGAudioFrame(at: offset, in: source) else { return false }
        return first.length == 0 || offset + first.length + 4 > source.count || MPEGAudioFrame(at: offset + first.length, in: source) != nil
    }

    /// Whether the first frame states how many there are.
    static func statesCount(at offset: Int, in source: ByteSource) -> Bool {
        guard let first = MPEGAudioFrame(at: offset, in: source) else { return false }
        let at = offset + first.countOffset
        if source.starts(with: "Xing", at: at) || source.starts(with: "Info", at: at) {
            return source.integer(at: at + 4, width: 4, bigEndian: true).map { $0 & 1 == 1 } ?? false
        }
        return source.starts(with: "VBRI", at: offset + 36)
    }

    /// By version and layer: 1 I, 1 II, 1 III, 2 I, 2 II and III.
    private static let kilobits = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]
}
