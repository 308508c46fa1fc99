#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Triangular filters evenly spaced on Slaney's mel scale: linear up to 1 kHz (3 mels for 200 Hz), logarithmic above (27 mels for a factor of 6.4).
package enum MelFilters {
    /// Filters from 0 Hz to half of the sample rate, each with an area of 1 (Slaney's normalisation), as librosa and Whisper have them.
    ///
    /// - Parameters:
    ///   - count: Filters; at least 1.
    ///   - frameLength: Points of the FFT; at least 2.
    ///   - sampleRate: In Hz.
    /// - Returns: `[count][frameLength / 2 + 1]` weights per Hz.
    package static func slaney(count: Int, frameLength: Int, sampleRate: Double) -> [[Float]] {
        precondition(count > 0 && frameLength > 1 && sampleRate > 0, "\(count) filters over \(frameLength) points at \(sampleRate) Hz")
        let top = mels(hertz: sampleRate / 2)
        let corners = (0..<count + 2).map { hertz(mels: top * Double($0) / Double(count + 1)) }
        return (0..<count).map { filter in
            let (low, middle, high) = (corners[filter], corners[filter + 1], corners[filter + 2])
            return (0...frameLength / 2).map { bin in
                let frequency = Double(bin) * sampleRate / Double(frameLength)
                return Float(max(0, min((frequency - low) / (middle - low), (high - frequency) / (high - middle))) * 2 / (high - low))
            }
        }
    }

    private static let logStep = log(6.4) / 27

    static func mels(hertz: Double) -> Double { hertz < 1000 ? hertz * 3 / 200 : 15 + log(hertz / 1000) / logStep }

    static func hertz(mels: Double) -> Double { mels < 15 ? mels * 200 / 3 : 1000 * exp((mels - 15) * logStep) }
}
