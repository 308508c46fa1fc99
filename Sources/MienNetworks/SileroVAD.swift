package import InferenceCore

/// Silero VAD 6: how likely a window of sound holds speech, as shipped in the Python package `silero-vad` (MIT).
///
/// A window (512 samples) and the context before it (64) are mirrored at the end, cut into four overlapping frames and taken to the
/// frequency domain by a convolution; four convolutions along time shrink the magnitudes to one vector, an LSTM remembers what came before,
/// and a weighted sum gives the probability. Only the LSTM ties windows together, so all the rest runs for many windows at once.
///
/// Everything follows from the length of the frequency transform, 256 at 16 kHz: a window is twice as long, context and mirror a quarter.
package final class SileroVAD: Sendable {
    /// What the published weights expect, in Hz. Samples are -1...1.
    package static let sampleRate = 16000
    /// Largest magnitude of a sample that is accepted: far beyond any decoder's overshoot, and no sum in the network overflows.
    package static let sampleLimit: Float = 65536

    /// Samples that one probability is about.
    package let windowLength: Int
    /// Samples before a window that it is seen with.
    package let contextLength: Int
    let memory: LSTM
    private let transform, first, second, third, fourth, last: FrameConvolution
    private let pool: WorkerPool

    /// Windows of one piece of work: enough rows for the matrix products to run at full speed, while all between them stays in the
    /// second-level cache.
    private static let windowsAtOnce = 16
    /// Windows whose gates are held at once.
    static let windowsPerBlock = 256
    /// Frames of a window.
    private static let frames = 4

    /// Packs the weights in `file`, which has the names and shapes of `silero_vad_16k_op15.onnx` or of `silero_vad_16k.safetensors` (whose
    /// weights, in version 6.2.3 of the package, are older ones); any widths that follow from one another are accepted.
    ///
    /// - Throws: `ModelFileError`: `.missing` or `.mismatch` naming the tensor, `.unsupported` if the file holds more than this network.
    package init(from file: any WeightFile, pool: WorkerPool = .shared) throws(ModelFileError) {
        var layers = try SileroLayers(file)
        let length = layers.transformLength
        (windowLength, contextLength, self.pool) = (2 * length, length / 4, pool)
        transform = FrameConvolution(try layers.take("stft_conv.weight", [length + 2, 1, length]), bias: nil, inputs: 1, taps: length, stride: length / 2)
        // The third convolution gives a single frame, whose first tap lies in the padding; the fourth sees that frame alone.
        first = try layers.convolution("conv1", inputs: length / 2 + 1)
        second = try layers.convolution("conv2", inputs: first.outputs, stride: 2)
        third = try layers.convolution("conv3", inputs: second.outputs, keeping: 1..<3)
        fourth = try layers.convolution("conv4", inputs: third.outputs, keeping: 1..<2)
        memory = try layers.memory("lstm_cell", inputs: fourth.outputs)
        last = FrameConvolution(try layers.take("final_conv.weight", [1, memory.units, 1]), bias: try layers.take("final_conv.bias", [1]),
                                inputs: memory.units, taps: 1, activation: .sigmoid)
        try layers.finish()
    }

    /// The probability of speech for each window of a whole recording at `sampleRate`; silence fills the last window up.
    ///
    /// - Throws: `InferenceError` naming a sample that is NaN or beyond `sampleLimit`.
    package func probabilities(of samples: [Float]) throws(InferenceError) -> [Float] {
        var stream = SileroStream(self)
        return try stream.push(samples) + stream.finish()
    }

    /// Probabilities of consecutive windows; the result of each, to the last bit, does not depend on how many are given at once.
    ///
    /// - Parameter samples: `[contextLength + windows * windowLength]`.
    func run(_ samples: [Float], windows: Int, _ state: inout LSTM.State) -> [Float] {
        let gates = AlignedStorage(count: windows * memory.gateCount), output = AlignedStorage(count: windows * memory.units)
        samples.withUnsafeBufferPointer { samples in
            pool.parallelFor((windows + Self.windowsAtOnce - 1) / Self.windowsAtOnce) { pieces in
                let piece = Piece(self, windows: min(Self.windowsAtOnce, windows))
                for index in pieces {
                    let start = index * Self.windowsAtOnce, count = min(Self.windowsAtOnce, windows - start)
                    piece.run(samples.baseAddress! + start * windowLength, windows: count, to: gates.pointer + start * memory.gateCount)
                }
            }
        }
        memory.advance(&state, gates: gates.pointer, steps: windows, to: output.pointer)
        for index in 0..<windows * memory.units where output.pointer[index] < 0 { output.pointer[index] = 0 }
        return [Float](unsafeUninitializedCapacity: windows) { buffer, used in
            last.run(output.pointer, sequences: windows, sourcePitch: memory.units, frames: 1, to: buffer.baseAddress!, destinationPitch: 1)
            used = windows
        }
    }

    /// The layers before the LSTM for a few windows, with the memory between them. Convolutions find zeros around the frames that the
    /// one before wrote: written once, since results never touch them.
    private struct Piece {
        let network: SileroVAD
        let bins: Int
        let staged, spectrum, magnitude, wide, narrow, single, features: AlignedStorage

        init(_ network: SileroVAD, windows: Int) {
            self.network = network
            bins = network.first.inputs
            staged = AlignedStorage(count: windows * (network.windowLength + 2 * network.contextLength))
            spectrum = AlignedStorage(count: windows * frames * 2 * bins)
            magnitude = AlignedStorage(count: windows * (frames + 2) * bins)
            wide = AlignedStorage(count: windows * (frames + 1) * network.first.outputs)
            narrow = AlignedStorage(count: windows * frames / 2 * network.second.outputs)
            single = AlignedStorage(count: windows * network.third.outputs)
            features = AlignedStorage(count: windows * network.fourth.outputs)
            magnitude.pointer.update(repeating: 0, count: magnitude.count)
            wide.pointer.update(repeating: 0, count: wide.count)
        }

        /// - Parameters:
        ///   - samples: `[contextLength + windows * windowLength]`.
        ///   - gates: `[windows, gateCount]`.
        func run(_ samples: UnsafePointer<Float>, windows: Int, to gates: UnsafeMutablePointer<Float>) {
            let seen = network.windowLength + network.contextLength, mirrored = network.contextLength, length = seen + mirrored
            for window in 0..<windows {
                let target = staged.pointer + window * length
                target.update(from: samples + window * network.windowLength, count: seen)
                for offset in 0..<mirrored { target[seen + offset] = target[seen - 2 - offset] }
            }
            network.transform.run(staged.pointer, sequences: windows, sourcePitch: length, frames: frames, to: spectrum.pointer, destinationPitch: frames * 2 * bins)
            for window in 0..<windows {
                for frame in 0..<frames {
                    let values = spectrum.pointer + (window * frames + frame) * 2 * bins
                    magnitudes(values, values + bins, count: bins, to: magnitude.pointer + (window * (frames + 2) + frame + 1) * bins)
                }
            }
            let (first, second, third, fourth) = (network.first, network.second, network.third, network.fourth)
            first.run(magnitude.pointer, sequences: windows, sourcePitch: (frames + 2) * bins, frames: frames,
                      to: wide.pointer + first.outputs, destinationPitch: (frames + 1) * first.outputs)
            second.run(wide.pointer, sequences: windows, sourcePitch: (frames + 1) * first.outputs, frames: frames / 2,
                       to: narrow.pointer, destinationPitch: frames / 2 * second.outputs)
            third.run(narrow.pointer, sequences: windows, sourcePitch: frames / 2 * second.outputs, frames: 1, to: single.pointer, destinationPitch: third.outputs)
            fourth.run(single.pointer, sequences: windows, sourcePitch: third.outputs, frames: 1, to: features.pointer, destinationPitch: fourth.outputs)
            network.memory.computeGates(features.pointer, steps: windows, to: gates)
        }
    }
}

/// The layers of a weight file; each tensor is taken once.
private struct SileroLayers {
    /// Samples of one frequency transform.
    let transformLength: Int
    private let file: any WeightFile
    private var left: Set<String>
    private let isExported: Bool

    init(_ file: any WeightFile) throws(ModelFileError) {
        self.file = file
        left = Set(file.names)
        let transform = "stft_conv.weight"
        isExported = left.contains(Self.exportedName(transform))
        let name = isExported ? Self.exportedName(transform) : transform
        let shape = try file.shape(of: name)
        let length = shape.extents.last ?? 0
        // Longer than any voice model's; the memory for a window grows with it.
        guard length >= 8, length <= 4096, length.isMultiple(of: 4) else {
            throw ModelFileError(.mismatch, file: file.path, "tensor '\(name)' has shape \(shape): \(length) samples are no length of a transform")
        }
        transformLength = length
    }

    /// What the ONNX export calls the tensor that is "layer.kind" in the safetensors file.
    private static func exportedName(_ name: String) -> String {
        let parts = name.split(separator: "."), kind = parts[1]
        switch parts[0] {
        case "stft_conv": return "model.stft.forward_basis_buffer"
        case "lstm_cell": return "model.decoder.rnn.\(kind)"
        case "final_conv": return "model.decoder.decoder.2.\(kind)"
        case let layer: // conv1...conv4
            let number = layer.last!.wholeNumberValue! - 1
            return "model.encoder.\(number).reparam_conv.\(kind)"
        }
    }

    /// The values of a tensor; nil extents are free, but not 0.
    mutating func take(_ layer: String, _ expected: [Int?]) throws(ModelFileError) -> [Float] {
        let name = isExported ? Self.exportedName(layer) : layer
        let shape = try file.shape(of: name)
        guard shape.rank == expected.count, zip(shape.extents, expected).allSatisfy({ $1 == nil ? $0 > 0 : $0 == $1 }) else {
            let wanted = expected.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
            throw ModelFileError(.mismatch, file: file.path, "tensor '\(name)' has shape \(shape), expected [\(wanted)]")
        }
        left.remove(name)
        return try file.weights(named: name)
    }

    /// A convolution of three taps and a ReLU, of which the taps in `kept` ever meet a frame.
    mutating func convolution(_ name: String, inputs: Int, stride: Int = 1, keeping kept: Range<Int> = 0..<3) throws(ModelFileError) -> FrameConvolution {
        let taps = 3
        let all = try take(name + ".weight", [nil, inputs, taps])
        let weights = all.indices.filter { kept.contains($0 % taps) }.map { all[$0] }
        let bias = try take(name + ".bias", [all.count / (inputs * taps)])
        return FrameConvolution(weights, bias: bias, inputs: inputs, taps: kept.count, stride: stride, activation: .relu)
    }

    mutating func memory(_ name: String, inputs: Int) throws(ModelFileError) -> LSTM {
        let inputWeights = try take(name + ".weight_ih", [nil, inputs])
        let gates = inputWeights.count / inputs
        guard gates.isMultiple(of: 4) else {
            throw ModelFileError(.mismatch, file: file.path, "\(gates) rows of weight_ih are not four gates")
        }
        let recurrentWeights = try take(name + ".weight_hh", [gates, gates / 4])
        let biases = (try take(name + ".bias_ih", [gates]), try take(name + ".bias_hh", [gates]))
        return LSTM(inputWeights: inputWeights, recurrentWeights: recurrentWeights, bias: zip(biases.0, biases.1).map { $0 + $1 })
    }

    func finish() throws(ModelFileError) {
        if let extra = left.min() { throw ModelFileError(.unsupported, file: file.path, "tensor '\(extra)' is not part of this network") }
    }
}
