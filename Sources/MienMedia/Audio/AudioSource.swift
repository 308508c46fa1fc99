/// Mono sound at 16 kHz, its place in the recording known to the sample.
package struct AudioBlock: Sendable {
    /// Position of the first sample: samples at 16 kHz since the start of the recording.
    package let start: Int
    /// Full scale is -1...1; all finite.
    package let samples: [Float]
}

/// What voice activity detection, spectra and estimators read: any recording as mono blocks at 16 kHz, in constant memory.
package final class AudioSource {
    /// In Hz.
    package static let sampleRate = Resampler.outputRate

    private let reader: any AudioReader
    private let resampler: Resampler
    private var meter: AudioMeter
    private let blockLength: Int
    private var interleaved: [Float]
    private var mono: [Float]
    private var ready: [Float] = []
    /// Position of the first of `ready`.
    private var start = 0
    private var hasEnded = false

    /// - Parameter blockLength: Samples of every block but the last, which may be shorter. At least 1.
    /// - Throws: `AUDIO_LAYOUT` if the rate is too low to be resampled.
    package init(_ reader: any AudioReader, blockLength: Int = 8192) throws(AudioError) {
        precondition(blockLength > 0, "blocks have samples")
        self.reader = reader
        self.blockLength = blockLength
        resampler = try Resampler(from: reader.sampleRate)
        meter = AudioMeter(sampleRate: reader.sampleRate, channels: reader.channels, fullScale: reader.fullScale)
        // About a block, but not so much that many channels or a low rate, which becomes many samples, need a lot of memory.
        let frames = max(1, min(16_384 / reader.channels, 16_384 * reader.sampleRate / Self.sampleRate))
        interleaved = Array(repeating: 0, count: frames * reader.channels)
        mono = Array(repeating: 0, count: frames)
    }

    /// - Throws: As `AudioFile.init(path:limits:)` and `init(_:blockLength:)`.
    package convenience init(path: String, limits: AudioLimits = AudioLimits(), blockLength: Int = 8192) throws {
        try self.init(AudioFile(path: path, limits: limits), blockLength: blockLength)
    }

    /// A whole recording in memory, with its file format around it.
    package convenience init(_ bytes: [UInt8], limits: AudioLimits = AudioLimits(), blockLength: Int = 8192) throws(AudioError) {
        try self.init(AudioFile(bytes, limits: limits), blockLength: blockLength)
    }

    /// The next samples; `nil` at the end.
    ///
    /// - Throws: What the reader throws, once; what was returned before stays good, and asking on gives the rest of what was read.
    package func next() throws -> AudioBlock? {
        while ready.count < blockLength, !hasEnded { try readOn() }
        guard !ready.isEmpty else { return nil }
        let block = AudioBlock(start: start, samples: Array(ready.prefix(blockLength)))
        ready.removeFirst(block.samples.count)
        start += block.samples.count
        return block
    }

    /// The next samples, as many as there are up to `count`; what is left of the last block is lost.
    ///
    /// - Throws: As `next`.
    package func beginning(_ count: Int) throws -> [Float] {
        var samples: [Float] = []
        while samples.count < count, let block = try next() { samples += block.samples }
        return Array(samples.prefix(count))
    }

    private func readOn() throws {
        let frames = try interleaved.withUnsafeMutableBufferPointer { try reader.read(into: $0) }
        guard frames > 0 else {
            hasEnded = true
            resampler.finish(appendingTo: &ready)
            return
        }
        interleaved.withUnsafeMutableBufferPointer { interleaved in
            mono.withUnsafeMutableBufferPointer { mono in
                let mix = UnsafeMutableBufferPointer(rebasing: mono[..<frames])
                meter.measure(UnsafeMutableBufferPointer(rebasing: interleaved[..<(frames * reader.channels)]), mixingInto: mix)
                resampler.process(UnsafeBufferPointer(mix), appendingTo: &ready)
            }
        }
    }

    /// Samples at 16 kHz in all, where the recording states its length.
    package var expectedCount: Int? { reader.frameCount.map { Resampler.outputCount(of: $0, rate: reader.sampleRate) } }

    /// Of what was read up to now, before it was mixed and resampled.
    package var quality: AudioQuality { meter.quality }

    /// What is wrong with the recording; complete at the end.
    package var warnings: [AudioWarning] { reader.warnings }
}
