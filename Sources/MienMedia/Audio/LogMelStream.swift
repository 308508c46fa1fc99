/// Log-mel logarithms of audio that arrives bit by bit: the frames that `LogMel` makes of the whole, to the bit, each as soon as the samples
/// that it covers are there (12.5 ms after its centre).
///
/// Holds at most the samples of a frame and a chunk.
package struct LogMelStream: Sendable {
    package let logMel: LogMel
    /// Frames given out so far.
    package private(set) var frames = 0
    /// The last samples, from number `start` on.
    private var held: [Float] = []
    private var start = 0

    package init(_ logMel: LogMel) { self.logMel = logMel }

    /// Takes the next samples and appends the frames that they complete to `logarithms`, `[frames, mels]`. A frame with samples that are not
    /// finite is NaN, which `LogMel.features(ofLogarithms:)` refuses.
    package mutating func append(_ samples: some Collection<Float>, to logarithms: inout [Float]) {
        held.append(contentsOf: samples)
        let count = start + held.count
        // The first frame also needs the sample that its first one mirrors.
        emit(until: count > LogMel.reach ? (count - LogMel.reach) / LogMel.hop + 1 : 0, to: &logarithms)
        let needed = max(0, frames * LogMel.hop - LogMel.reach)
        if needed > start {
            held.removeFirst(needed - start)
            start = needed
        }
    }

    /// Ends the stream, appends the frames that reach over its end, and is then as new.
    package mutating func finish(to logarithms: inout [Float]) {
        emit(until: (start + held.count) / LogMel.hop, to: &logarithms)
        self = LogMelStream(logMel)
    }

    private mutating func emit(until end: Int, to logarithms: inout [Float]) {
        guard end > frames else { return }
        let range = frames..<end, place = logarithms.count
        logarithms.append(contentsOf: repeatElement(0, count: range.count * logMel.mels))
        held.withUnsafeBufferPointer { held in
            logarithms.withUnsafeMutableBufferPointer { all in
                let clip = LogMel.Clip(held: held, start: start, length: start + held.count)
                logMel.logarithms(of: clip, frames: range, to: UnsafeMutableBufferPointer(rebasing: all[place...]))
            }
        }
        frames = end
    }
}
