/// Sound as it was recorded, read forward in blocks.
package protocol AudioReader: AnyObject {
    /// In Hz, within `AudioLimits.sampleRates`.
    var sampleRate: Int { get }
    /// At least 1.
    var channels: Int { get }
    /// Frames (samples per channel) in all, where that is known before the end.
    var frameCount: Int? { get }
    /// The largest magnitude that the encoding can hold on both sides of zero: about 1. Runs of samples at or above it are clipped.
    var fullScale: Float { get }
    /// Complete once `read` has returned 0.
    var warnings: [AudioWarning] { get }

    /// Reads up to `samples.count / channels` frames, interleaved; full scale is -1...1, though floating-point recordings may exceed
    /// it and may hold any bit pattern.
    ///
    /// - Parameter samples: Room for at least one frame.
    /// - Returns: Frames read; 0 at the end, and again if asked again.
    func read(into samples: UnsafeMutableBufferPointer<Float>) throws -> Int
}
