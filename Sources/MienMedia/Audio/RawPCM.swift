/// How samples without a file around them are laid out: interleaved, little-endian.
package struct RawPCM: Sendable, Hashable {
    package enum Encoding: Sendable {
        /// 16-bit integers; full scale is 32768.
        case s16le
        /// 32-bit IEEE numbers; full scale is 1.
        case f32le

        package var width: Int { self == .s16le ? 2 : 4 }
    }

    package let encoding: Encoding
    /// In Hz.
    package let sampleRate: Int
    package let channels: Int

    /// - Throws: `AUDIO_LAYOUT` outside the limits.
    package init(_ encoding: Encoding, sampleRate: Int, channels: Int, limits: AudioLimits = AudioLimits()) throws(AudioError) {
        try limits.check(channels: channels, sampleRate: sampleRate)
        self.encoding = encoding
        self.sampleRate = sampleRate
        self.channels = channels
    }

    var frameWidth: Int { encoding.width * channels }

    /// The largest magnitude on both sides of zero that every encoding can hold.
    var fullScale: Float { 32_767 / 32_768 }

    /// Reads the first `count` samples of `bytes`.
    func decode(_ bytes: Slice<UnsafeRawBufferPointer>, count: Int, into samples: UnsafeMutableBufferPointer<Float>) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        for index in 0..<count {
            samples[index] = switch encoding {
            case .s16le: Float(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))) / 32_768
            case .f32le: Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
            }
        }
    }
}

/// Raw samples that arrive in chunks of any size, which need not end between samples.
package final class RawPCMReader: AudioReader {
    package var sampleRate: Int { layout.sampleRate }
    package var channels: Int { layout.channels }
    package var frameCount: Int? { nil }
    package var fullScale: Float { layout.fullScale }
    package private(set) var warnings: [AudioWarning] = []

    private let layout: RawPCM
    private let limits: AudioLimits
    private let nextChunk: () throws -> [UInt8]?
    /// The chunk being read, from `offset` on, led by what the last one left of a frame.
    private var chunk: [UInt8] = []
    private var offset = 0
    private var position = 0
    private var hasEnded = false

    /// - Parameter nextChunk: Waits for the next bytes; `nil` at the end.
    package init(_ layout: RawPCM, limits: AudioLimits = AudioLimits(), nextChunk: @escaping () throws -> [UInt8]?) {
        self.layout = layout
        self.limits = limits
        self.nextChunk = nextChunk
    }

    /// All the bytes at once.
    package convenience init(_ layout: RawPCM, _ bytes: [UInt8], limits: AudioLimits = AudioLimits()) {
        var rest: [UInt8]? = bytes
        self.init(layout, limits: limits) {
            defer { rest = nil }
            return rest
        }
    }

    /// Returns what has arrived instead of waiting until `samples` is full, so that a live stream is not held up.
    ///
    /// - Throws: What `nextChunk` throws; `AUDIO_TOO_LONG`.
    package func read(into samples: UnsafeMutableBufferPointer<Float>) throws -> Int {
        let room = samples.count / channels
        precondition(room > 0, "there is room for a frame")
        while chunk.count - offset < layout.frameWidth {
            if hasEnded { return 0 }
            guard let next = try nextChunk() else {
                hasEnded = true
                if chunk.count > offset {
                    let what = "the last \(chunk.count - offset) bytes are not a whole frame of \(layout.frameWidth)"
                    warnings.append(AudioWarning(reason: .truncated, message: what))
                }
                return 0
            }
            chunk = offset == chunk.count ? next : chunk[offset...] + next
            offset = 0
        }
        let frames = min(room, (chunk.count - offset) / layout.frameWidth)
        chunk.withUnsafeBytes { layout.decode($0[offset...], count: frames * channels, into: samples) }
        offset += frames * layout.frameWidth
        position += frames
        try limits.check(frames: position, sampleRate: sampleRate)
        return frames
    }
}
