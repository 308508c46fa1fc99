import InferenceCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that holds a Whisper encoder. Its parts are read one at a time: those of a large model are never in memory all at once in both
/// forms, as they are stored and as the kernels want them.
protocol WhisperWeights {
    /// Checked, and what all the other shapes follow from.
    var configuration: WhisperConfiguration { get }
    /// Convolution 1 or 2: `[width, inputs, 3]` and `[width]`.
    func convolution(_ number: Int) throws(ModelFileError) -> TransformerBlock.Weights.Layer
    /// `[positions, width]`
    func positions() throws(ModelFileError) -> [Float]
    func block(_ index: Int) throws(ModelFileError) -> TransformerBlock.Weights
    func finalNorm() throws(ModelFileError) -> TransformerBlock.Weights.Norm
}

extension WhisperWeights {
    /// Input channels of convolution 1 or 2.
    func inputs(_ number: Int) -> Int { number == 1 ? configuration.mels : configuration.width }

    /// The positions that Whisper was trained with, for files that leave them out: sines, then cosines, of wavelengths from 2 pi to 20000 pi.
    func sinusoids() -> [Float] {
        let half = configuration.width / 2
        let rates = (0..<half).map { exp(-log(10000.0) * Double($0) / Double(max(half - 1, 1))) }
        var result: [Float] = []
        result.reserveCapacity(configuration.positions * configuration.width)
        for position in 0..<configuration.positions {
            result += rates.map { Float(sin(Double(position) * $0)) }
            result += rates.map { Float(cos(Double(position) * $0)) }
        }
        return result
    }
}
