package import InferenceCore

/// The encoder of Whisper (Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022), of any size.
///
/// Two convolutions over time with GELU, the second of stride 2; positions; pre-norm transformer blocks; a last layer normalisation.
/// Results do not depend on the number of threads or on the other clips of a call, to the last bit. Calls may overlap.
package final class WhisperEncoder: Sendable {
    /// The order of the axes of a log-mel spectrogram.
    package enum Layout: Sendable {
        /// `[clips, frames, mels]`
        case framesFirst
        /// `[clips, mels, frames]`, as transformers has it.
        case melsFirst
    }

    package struct Encoding: Sendable {
        /// `[clips, frames / 2, width]` after the last layer normalisation; nil if the call said where to stop.
        package let output: Tensor?
        /// The hidden states asked for, `[clips, frames / 2, width]`, by the number of layers they have been through: 0 is what the first
        /// layer gets. The last layer normalisation is in none of them.
        package let hidden: [Int: Tensor]
    }

    package let configuration: WhisperConfiguration
    private let convolutions: [Convolution1D]
    /// `[positions, width]`
    private let positions: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNormalization
    private let workspace: Workspace
    /// Clips are worked on together up to so many rows: enough for many threads, and a bound on memory.
    private static let rowsAtATime = 1500
    private static let epsilon: Float = 1e-5

    /// The encoder in a safetensors file from transformers: names with or without `model.encoder.`, F32, F16 or BF16.
    ///
    /// - Parameter configuration: From the model's `config.json`, to check the weights against. Without it heads are 64 wide.
    /// - Throws: `ModelFileError`: `.missing`, `.mismatch`, `.unsupported` or `.malformed`, with the name of the tensor.
    package convenience init(
        _ file: Safetensors, configuration: WhisperConfiguration? = nil, on processor: Processor = Processor()
    ) throws(ModelFileError) {
        try self.init(WhisperSafetensors(file, stated: configuration), on: processor)
    }

    /// The encoder in a safetensors file whose `config.json` is not there.
    ///
    /// - Parameter heads: nil: heads are 64 wide.
    /// - Throws: As `init(_:configuration:on:)`.
    package convenience init(_ file: Safetensors, heads: Int?, on processor: Processor = Processor()) throws(ModelFileError) {
        try self.init(WhisperSafetensors(file, stated: nil, heads: heads), on: processor)
    }

    /// The encoder in a CTranslate2 model.
    ///
    /// - Throws: `ModelFileError`: `.missing`, `.mismatch`, `.unsupported` or `.malformed`, with the name of the variable.
    package convenience init(_ model: CTranslate2Model, on processor: Processor = Processor()) throws(ModelFileError) {
        try self.init(WhisperCTranslate2(model), on: processor)
    }

    /// An encoder that `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `ModelFileError` `.mismatch` for impossible extents; `InferenceError` if there is not enough of it.
    package init(_ pieces: inout PackedPieces, configuration: WhisperConfiguration, on processor: Processor) throws {
        try configuration.check()
        let width = configuration.width, exact = processor.at(.f32)
        self.configuration = configuration
        convolutions = [
            try Convolution1D(&pieces, inputs: configuration.mels, outputs: width, taps: 3, stride: 1, activation: .gelu, on: exact),
            try Convolution1D(&pieces, inputs: width, outputs: width, taps: 3, stride: 2, activation: .gelu, on: exact),
        ]
        positions = Tensor(shape: [configuration.positions, width], values: try pieces.floats(configuration.positions * width))
        var blocks: [TransformerBlock] = []
        for _ in 0..<configuration.layers {
            blocks.append(try TransformerBlock(&pieces, width: width, hidden: configuration.hidden, heads: configuration.heads, activation: .gelu,
                                               epsilon: Self.epsilon, on: processor))
        }
        self.blocks = blocks
        norm = try LayerNormalization(&pieces, width: width, epsilon: Self.epsilon)
        workspace = Workspace(on: processor)
    }

    package func write(to sink: inout some PackedPieceSink) throws {
        for convolution in convolutions { try convolution.write(to: &sink) }
        try sink.append(positions.values)
        for block in blocks { try block.write(to: &sink) }
        try norm.write(to: &sink)
    }

    private init(_ weights: some WhisperWeights, on processor: Processor) throws(ModelFileError) {
        let configuration = weights.configuration
        self.configuration = configuration
        var convolutions: [Convolution1D] = []
        for number in 1...2 {
            let (values, bias) = try weights.convolution(number)
            // A twentieth of the work; what is rounded here goes through everything that follows.
            convolutions.append(Convolution1D(weights: values, bias: bias, outputs: configuration.width, taps: 3, stride: number,
                                              activation: .gelu, on: processor.at(.f32)))
        }
        self.convolutions = convolutions
        positions = Tensor(shape: [configuration.positions, configuration.width], values: try weights.positions())
        var blocks: [TransformerBlock] = []
        for index in 0..<configuration.layers {
            let block = try weights.block(index)
            blocks.append(TransformerBlock(block, heads: configuration.heads, activation: .gelu, epsilon: Self.epsilon, on: processor))
        }
        self.blocks = blocks
        let (scale, shift) = try weights.finalNorm()
        norm = LayerNormalization(scale: scale, shift: shift, epsilon: Self.epsilon)
        workspace = Workspace(on: processor)
    }

    /// Encodes clips of equal length.
    ///
    /// - Parameters:
    ///   - mel: Log-mel spectrograms as Whisper scales them (about -1...1.5), of rank 3. The number of frames is even and at most twice
    ///     `configuration.positions`: 3000 for 30 s. A shorter window uses the first positions.
    ///   - hidden: Which hidden states to return: 0 (before the first layer) to `configuration.layers`.
    ///   - last: The layer after which to stop; nil for all of them and the last normalisation. `hidden` states beyond it are refused.
    /// - Throws: `InferenceError` for a shape that does not fit, a layer that is not there, or a value that is not finite.
    package func encode(
        _ mel: Tensor, layout: Layout = .framesFirst, hidden: Set<Int> = [], stoppingAfter last: Int? = nil
    ) throws(InferenceError) -> Encoding {
        let (clips, frames) = try check(mel, layout)
        let depth = last ?? configuration.layers
        guard (0...configuration.layers).contains(depth), hidden.allSatisfy({ (0...depth).contains($0) }) else {
            throw InferenceError("hidden states 0 to \(depth) of \(configuration.layers) layers cannot give \(hidden.sorted()) after layer \(depth)")
        }
        let length = frames / 2, width = configuration.width, shape: Shape = [clips, length, width]
        var output = last == nil ? Tensor(shape: shape) : nil
        var states = Dictionary(uniqueKeysWithValues: hidden.map { ($0, Tensor(shape: shape)) })
        let group = max(1, min(clips, Self.rowsAtATime / length))
        let x = (group * length * width + 15) / 16 * 16
        let memory = max(stemCount(frames), blocks[0].memoryCount(clips: group, length: length))
        workspace.run(count: x + memory, scratch: blocks[0].scratchCount) { machine, values in
            let memory = values + x
            for start in stride(from: 0, to: clips, by: group) {
                let count = min(group, clips - start), rows = count * length
                for clip in 0..<count {
                    stem(mel, clip: start + clip, layout, frames, to: values + clip * length * width, memory: memory, on: machine)
                }
                func keep(_ layer: Int) {
                    states[layer]?.withUnsafeMutableBufferPointer { state in
                        (state.baseAddress! + start * length * width).update(from: values, count: rows * width)
                    }
                }
                keep(0)
                for layer in 0..<depth {
                    blocks[layer].run(values, clips: count, length: length, memory: memory, on: machine)
                    keep(layer + 1)
                }
                output?.withUnsafeMutableBufferPointer { norm.run(rows, values, to: $0.baseAddress! + start * length * width, on: machine) }
            }
        }
        return Encoding(output: output, hidden: states)
    }

    /// Lets go of working memory that is kept for the next call.
    package func releaseMemory() { workspace.releaseMemory() }

    private func check(_ mel: Tensor, _ layout: Layout) throws(InferenceError) -> (clips: Int, frames: Int) {
        let wanted = layout == .framesFirst ? "[clips, frames, \(configuration.mels)]" : "[clips, \(configuration.mels), frames]"
        guard mel.shape.rank == 3, mel.shape[layout == .framesFirst ? 2 : 1] == configuration.mels else {
            throw InferenceError(node: "mel", "needs an input of shape \(wanted), got \(mel.shape)")
        }
        let frames = mel.shape[layout == .framesFirst ? 1 : 2]
        guard frames > 0, frames % 2 == 0, frames <= 2 * configuration.positions else {
            throw InferenceError(node: "mel", "needs an even number of frames up to \(2 * configuration.positions), got \(frames)")
        }
        if let index = mel.withUnsafeBufferPointer({ values in values.firstIndex { !$0.isFinite } }) {
            throw InferenceError(node: "mel", "element \(index) is not finite")
        }
        return (mel.shape[0], frames)
    }

    // MARK: Convolutions

    /// Floats of memory for the stem of one clip: its frames and the first convolution's, with zeros around both.
    private func stemCount(_ frames: Int) -> Int { padded(frames, configuration.mels) + padded(frames, configuration.width) }

    private func padded(_ frames: Int, _ columns: Int) -> Int { ((frames + 2) * columns + 15) / 16 * 16 }

    private func stem(
        _ mel: Tensor, clip: Int, _ layout: Layout, _ frames: Int, to x: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>,
        on machine: Machine
    ) {
        let (mels, width) = (configuration.mels, configuration.width)
        let input = memory, middle = memory + padded(frames, mels)
        func surround(_ rows: UnsafeMutablePointer<Float>, _ columns: Int) {
            rows.update(repeating: 0, count: columns)
            (rows + (frames + 1) * columns).update(repeating: 0, count: columns)
        }
        surround(input, mels)
        surround(middle, width)
        mel.withUnsafeBufferPointer { values in
            let source = values.baseAddress! + clip * frames * mels, target = input + mels
            switch layout {
            case .framesFirst: target.update(from: source, count: frames * mels)
            case .melsFirst:
                for band in 0..<mels {
                    for frame in 0..<frames { target[frame * mels + band] = source[band * frames + frame] }
                }
            }
        }
        convolutions[0].run(frames, input, to: middle + width, on: machine)
        positions.withUnsafeBufferPointer { convolutions[1].run(frames, middle, to: x, adding: $0.baseAddress!, on: machine) }
    }
}
