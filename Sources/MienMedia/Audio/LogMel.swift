package import InferenceCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why samples have no log-mel spectrogram.
package struct LogMelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The first frame (of the clip or window) that heard a sample that is NaN, infinite, or beyond about 1e17.
    package let frame: Int
    package var description: String { "audio holds samples that are not finite, or far too large, near \(Double(frame) / 100) s" }
}

/// Log-mel spectrograms exactly as Whisper wants them, 100 frames a second, from 16 kHz mono samples (-1...1).
///
/// Frame t is centred on sample 160 t and covers 400 samples under a periodic Hann window; beyond the ends of the clip, samples are mirrored
/// without repeating the outermost one. A clip of n samples has n / 160 frames, rounded down: as in Whisper, the last is dropped.
///
/// Spectrograms are `[frames, mels]`, time-major, as the core's convolutions take them (channels last). *Logarithms* are
/// `log10(max(1e-10, power))`, -10 for silence; *features* are those of one window, no less than 8 below its largest, plus 4, over 4.
/// Against float64 arithmetic features differ by less than 5e-5. They do not depend on the number of threads.
package struct LogMel: Sendable {
    package static let sampleRate = 16_000
    package static let frameLength = 400
    package static let hop = 160
    /// What a frame reaches back from its centre.
    static let reach = frameLength / 2
    /// Most frames of a window: 24 hours.
    package static let maximumFrames = 8_640_000

    /// Values of a frame.
    package let mels: Int
    let pool: WorkerPool
    private let spectrum: LogSpectrum
    /// The logarithm of every mel of a silent frame, as the kernels compute it.
    let silence: Float

    /// - Parameter mels: 80, or 128 for models from Whisper large-v3 on; any other number in 1...128 works too.
    package init(mels: Int, pool: WorkerPool = .shared) {
        precondition((1...128).contains(mels), "\(mels) mels")
        self.mels = mels
        self.pool = pool
        let window = (0..<Self.frameLength).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(Self.frameLength))) }
        let filters = MelFilters.slaney(count: mels, frameLength: Self.frameLength, sampleRate: Double(Self.sampleRate))
        let spectrum = LogSpectrum(window: window, hop: Self.hop, filters: filters, least: 1e-10)
        self.spectrum = spectrum
        var values = [Float](repeating: 0, count: mels)
        let samples = [Float](repeating: 0, count: Self.frameLength)
        samples.withUnsafeBufferPointer { samples in values.withUnsafeMutableBufferPointer { spectrum.run(samples, frames: 1, to: $0, pool: pool) } }
        silence = values[0]
    }

    /// The features of a whole clip, `[frames, mels]`.
    ///
    /// - Parameter window: Frames of the result (3000 for Whisper's 30 s): the clip is padded with silence or cut to 160 times as many
    ///   samples *before* its ends are mirrored. `nil`: what the clip has, `[0, mels]` below 160 samples.
    package func features(of samples: UnsafeBufferPointer<Float>, window: Int? = nil) throws(LogMelError) -> Tensor {
        precondition((0...Self.maximumFrames).contains(window ?? 0), "a window of \(window ?? 0) frames")
        let length = window.map { $0 * Self.hop } ?? samples.count
        let clip = Clip(held: UnsafeBufferPointer(rebasing: samples.prefix(length)), start: 0, length: length)
        let frames = length / Self.hop
        var result = Tensor(uninitialized: Shape([frames, mels]))
        try result.withUnsafeMutableBufferPointer { (values) throws(LogMelError) in
            logarithms(of: clip, frames: 0..<frames, to: values)
            try makeFeatures(values)
        }
        return result
    }

    package func features(of samples: [Float], window: Int? = nil) throws(LogMelError) -> Tensor {
        try samples.withUnsafeBufferPointer { (samples) throws(LogMelError) in try features(of: samples, window: window) }
    }

    /// The features of a window cut from a stream's logarithms, `[frames, mels]`.
    ///
    /// - Parameters:
    ///   - logarithms: Whole frames, row-major, from a `LogMelStream`.
    ///   - window: Frames of the result, silent or cut off at the end; `nil`: those there are.
    package func features(ofLogarithms logarithms: some Collection<Float>, window: Int? = nil) throws(LogMelError) -> Tensor {
        precondition(logarithms.count % mels == 0, "\(logarithms.count) values are no whole frames of \(mels)")
        precondition((0...Self.maximumFrames).contains(window ?? 0), "a window of \(window ?? 0) frames")
        var result = Tensor(uninitialized: Shape([window ?? logarithms.count / mels, mels]))
        try result.withUnsafeMutableBufferPointer { (values) throws(LogMelError) in
            let end = values.initialize(fromContentsOf: logarithms.prefix(values.count))
            values[end...].initialize(repeating: silence)
            try makeFeatures(values)
        }
        return result
    }

    private func makeFeatures(_ values: UnsafeMutableBufferPointer<Float>) throws(LogMelError) {
        let top = values.largest(pool: pool)
        guard !top.isNaN else { throw LogMelError(frame: (values.firstIndex { !$0.isFinite } ?? 0) / mels) }
        values.floorAndScale(least: top - 8, scale: 0.25, shift: 1, pool: pool)
    }

    // MARK: Frames of a clip

    /// A clip of `length` samples, of which `held` are in memory, the first of them number `start`. Those after them are silent.
    struct Clip {
        let held: UnsafeBufferPointer<Float>
        let start: Int
        let length: Int

        /// A sample at any place, mirrored at the ends as often as it takes.
        func sample(at place: Int) -> Float {
            var index = place
            if index < 0 || index >= length {
                guard length > 1 else { return length == 1 ? sample(at: 0) : 0 }
                let period = 2 * (length - 1)
                index %= period
                if index < 0 { index += period }
                if index >= length { index = period - index }
            }
            return held.indices.contains(index - start) ? held[index - start] : 0
        }
    }

    /// Writes the logarithms of some frames of a clip, `[frames, mels]`.
    func logarithms(of clip: Clip, frames: Range<Int>, to target: UnsafeMutableBufferPointer<Float>) {
        let end = clip.start + clip.held.count
        // Frames in memory as they are; before and after them those that reach over an end; and silence.
        let silent = max(frames.lowerBound, min(frames.upperBound, (end + Self.reach + Self.hop - 1) / Self.hop))
        let whole = max(frames.lowerBound, min((clip.start + Self.reach + Self.hop - 1) / Self.hop, silent))
        let ragged = max(whole, min(silent, end < Self.reach ? 0 : (end - Self.reach) / Self.hop + 1))
        func part(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
            UnsafeMutableBufferPointer(rebasing: target[(range.lowerBound - frames.lowerBound) * mels..<(range.upperBound - frames.lowerBound) * mels])
        }
        mirrored(clip, frames.lowerBound..<whole, to: part(frames.lowerBound..<whole))
        if whole < ragged {
            let samples = UnsafeBufferPointer(rebasing: clip.held[(whole * Self.hop - Self.reach - clip.start)...])
            spectrum.run(samples, frames: ragged - whole, to: part(whole..<ragged), pool: pool)
        }
        mirrored(clip, ragged..<silent, to: part(ragged..<silent))
        part(silent..<frames.upperBound).initialize(repeating: silence)
    }

    /// Frames over an end of the clip: never more than a few.
    private func mirrored(_ clip: Clip, _ frames: Range<Int>, to target: UnsafeMutableBufferPointer<Float>) {
        guard !frames.isEmpty else { return }
        let first = frames.lowerBound * Self.hop - Self.reach
        let samples = (0..<(frames.count - 1) * Self.hop + Self.frameLength).map { clip.sample(at: first + $0) }
        samples.withUnsafeBufferPointer { spectrum.run($0, frames: frames.count, to: target, pool: pool) }
    }
}
