#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import InferenceCore
import MienNetworks

/// The lower part of Whisper's encoder, and a head that pools its states over time and classifies; training/README.md describes it layer by
/// layer.
final class VoiceNetwork: Sendable {
    let configuration: Configuration
    private let convolutions: [Convolution1D]
    /// `[positions, width]`
    private let positions: [Float]
    private let blocks: [TransformerBlock]
    /// Of the pooled statistics in training, `[2 * width]` each.
    private let usual: [Float], spread: [Float]
    private let hidden: Linear
    private let output: Linear
    private let workspace: Workspace

    private static let epsilon: Float = 1e-5
    /// Least variance over time.
    private static let leastVariance: Float = 1e-6

    /// - Parameter processor: Its precision is that of the transformer blocks; the rest, a twentieth of the work, is f32.
    /// - Throws: `ModelFileError` if the weights are not there or do not fit together.
    init(_ weights: VoiceWeights, on processor: Processor = Processor()) throws(ModelFileError) {
        let exact = processor.at(.f32)
        let configuration = weights.configuration
        let (width, mels) = (configuration.width, configuration.mels)
        self.configuration = configuration
        convolutions = [
            try weights.convolution("encoder.conv1", inputs: mels, stride: 1, on: exact),
            try weights.convolution("encoder.conv2", inputs: width, stride: 2, on: exact),
        ]
        positions = try weights.floats("encoder.positions", [configuration.positions, width])
        var blocks: [TransformerBlock] = []
        for index in 0..<configuration.layers { blocks.append(try weights.block("encoder.layers.\(index)", epsilon: Self.epsilon, on: processor)) }
        self.blocks = blocks
        usual = try weights.floats("head.mean", [2 * width])
        spread = try weights.floats("head.deviation", [2 * width])
        hidden = try weights.linear("head.hidden", inputs: 2 * width, activation: .gelu, on: exact)
        output = try weights.linear("head.output", inputs: hidden.outputs, outputs: configuration.outputs.count, on: exact)
        workspace = Workspace(on: processor)
    }

    /// Everything on the way from a log-mel to the outputs, for tests.
    struct Trace {
        /// `[rows, width]` each: the stem's output, then each block's.
        var states: [[Float]] = []
        /// `[2 * width]`: means over time, then deviations.
        var pooled: [Float] = []
    }

    /// Runs one clip.
    ///
    /// - Parameter mel: `[frames, mels]`, row-major, its maximum at `configuration.level`; 1 to `2 * positions` frames.
    /// - Returns: One value for each of `configuration.outputs`.
    func run(_ mel: [Float], trace: ((Trace) -> Void)? = nil) -> [Float] {
        let (width, mels) = (configuration.width, configuration.mels)
        let frames = mel.count / mels
        precondition(frames > 0 && frames * mels == mel.count && frames <= 2 * configuration.positions, "\(mel.count) values are not a log-mel")
        let rows = convolutions[1].outputLength(frames), x = wholeLines(rows * width)
        let stem = wholeLines((frames + 2) * mels) + wholeLines((frames + 2) * width)
        let memory = max(stem, blocks.map { $0.memoryCount(clips: 1, length: rows) }.max() ?? 0)
        let scratch = blocks.map(\.scratchCount).max() ?? 0
        return workspace.run(count: x + memory, scratch: scratch) { machine, values in
            let free = values + x
            var found = Trace()
            func keep() { if trace != nil { found.states.append(Array(UnsafeBufferPointer(start: values, count: rows * width))) } }
            embed(mel, frames, to: values, memory: free, on: machine)
            keep()
            for block in blocks {
                block.run(values, clips: 1, length: rows, memory: free, on: machine)
                keep()
            }
            found.pooled = pool(rows, values)
            trace?(found)
            return classify(found.pooled, on: machine)
        }
    }

    /// Convolutions and positions: `[frames, mels]` to `[rows, width]`.
    private func embed(_ mel: [Float], _ frames: Int, to x: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>, on machine: Machine) {
        let (width, mels) = (configuration.width, configuration.mels)
        // The convolutions want rows of zeros around what they read.
        let input = memory, middle = memory + wholeLines((frames + 2) * mels)
        func surround(_ rows: UnsafeMutablePointer<Float>, _ columns: Int) {
            rows.update(repeating: 0, count: columns)
            (rows + (frames + 1) * columns).update(repeating: 0, count: columns)
        }
        surround(input, mels)
        surround(middle, width)
        mel.withUnsafeBufferPointer { (input + mels).update(from: $0.baseAddress!, count: $0.count) }
        convolutions[0].run(frames, input, to: middle + width, on: machine)
        positions.withUnsafeBufferPointer { convolutions[1].run(frames, middle, to: x, adding: $0.baseAddress!, on: machine) }
    }

    /// Means and deviations over time: `[rows, width]` to `[2 * width]`.
    private func pool(_ rows: Int, _ states: UnsafePointer<Float>) -> [Float] {
        let width = configuration.width
        var means = [Float](repeating: 0, count: width), variances = means
        for row in 0..<rows {
            for column in 0..<width { means[column] += states[row * width + column] }
        }
        for column in 0..<width { means[column] /= Float(rows) }
        for row in 0..<rows {
            for column in 0..<width {
                let distance = states[row * width + column] - means[column]
                variances[column] += distance * distance
            }
        }
        return means + variances.map { max($0 / Float(rows), Self.leastVariance).squareRoot() }
    }

    private func classify(_ pooled: [Float], on machine: Machine) -> [Float] {
        let standard = pooled.indices.map { (pooled[$0] - usual[$0]) / spread[$0] }
        var middle = [Float](repeating: 0, count: hidden.outputs), outputs = [Float](repeating: 0, count: output.outputs)
        middle.withUnsafeMutableBufferPointer { hidden.run(1, standard, to: $0.baseAddress!, on: machine) }
        outputs.withUnsafeMutableBufferPointer { output.run(1, middle, to: $0.baseAddress!, on: machine) }
        return outputs
    }
}

/// Floats rounded up to whole cache lines.
private func wholeLines(_ count: Int) -> Int { (count + 15) / 16 * 16 }

func softmax(_ values: [Float], temperature: Float = 1) -> [Float] {
    let highest = values.max() ?? 0
    let powers = values.map { expf(($0 - highest) / temperature) }, sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}
