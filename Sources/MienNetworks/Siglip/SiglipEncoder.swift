package import InferenceCore

/// The vision tower of SigLIP and SigLIP 2 (Zhai et al., 2023; Tschannen et al., 2025), of any size and fixed resolution.
///
/// Patches are embedded linearly and get learnt positions; pre-norm transformer blocks with tanh-GELU; a last layer normalisation; and, if the
/// file has it, a head that pools by attention. Results do not depend on the number of threads or on the other pictures of a call, to the last
/// bit. Calls may overlap.
package final class SiglipEncoder: Sendable {
    /// The order of the axes of a picture.
    package enum Layout: Sendable {
        /// `[pictures, height, width, 3]`
        case channelsLast
        /// `[pictures, 3, height, width]`, as transformers has it.
        case channelsFirst
    }

    package struct Encoding: Sendable {
        /// `[pictures, positions, width]` after the last layer normalisation.
        package let states: Tensor
        /// `[pictures, width]` from the head; nil if the file has none.
        package let pooled: Tensor?
        /// The hidden states asked for, `[pictures, positions, width]`, by the number of layers they have been through.
        package let hidden: [Int: Tensor]
    }

    package let configuration: SiglipConfiguration
    private let patches: Linear
    private let positions: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNormalization
    private let head: ProbeAttention?
    private let workspace: Workspace
    /// Pictures are worked on together up to so many rows: enough for many threads, and a bound on memory.
    private static let rowsAtATime = 1500

    /// The vision tower in a safetensors file from transformers: names with or without `vision_model.`, F32, F16 or BF16.
    ///
    /// - Parameters:
    ///   - configuration: From the model's `config.json`.
    ///   - processor: Its precision is that of the transformer blocks; what is before and after them is f32.
    /// - Throws: `ModelFileError`: `.missing`, `.mismatch`, `.unsupported` or `.malformed`, with the name of the tensor.
    package init(_ file: Safetensors, configuration: SiglipConfiguration, on processor: Processor = Processor()) throws(ModelFileError) {
        let weights = try SiglipWeights(file, stated: configuration), exact = processor.at(.f32)
        self.configuration = configuration
        let (embedding, bias) = try weights.patchEmbedding()
        patches = Linear(weights: embedding, bias: bias, outputs: configuration.width, on: exact)
        positions = Tensor(shape: [configuration.positions, configuration.width], values: try weights.positions())
        var blocks: [TransformerBlock] = []
        for index in 0..<configuration.layers {
            let block = try weights.block(index)
            blocks.append(TransformerBlock(block, heads: configuration.heads, activation: .geluTanh, epsilon: configuration.epsilon, on: processor))
        }
        self.blocks = blocks
        let (scale, shift) = try weights.finalNorm()
        norm = LayerNormalization(scale: scale, shift: shift, epsilon: configuration.epsilon)
        if weights.hasHead {
            let parts = try weights.head()
            head = ProbeAttention(
                probe: parts.probe, projections: parts.projections, output: parts.output, norm: parts.norm, up: parts.up, down: parts.down,
                heads: configuration.heads, activation: .geluTanh, epsilon: configuration.epsilon, on: exact)
        } else {
            head = nil
        }
        workspace = Workspace(on: processor)
    }

    /// A tower that `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `ModelFileError` `.mismatch` for impossible extents; `InferenceError` if there is not enough of it.
    package init(_ pieces: inout PackedPieces, configuration: SiglipConfiguration, hasHead: Bool, on processor: Processor) throws {
        try configuration.check()
        let (width, hidden, heads, epsilon) = (configuration.width, configuration.hidden, configuration.heads, configuration.epsilon), exact = processor.at(.f32)
        self.configuration = configuration
        patches = try Linear(&pieces, inputs: 3 * configuration.patch * configuration.patch, outputs: width, on: exact)
        positions = Tensor(shape: [configuration.positions, width], values: try pieces.floats(configuration.positions * width))
        var blocks: [TransformerBlock] = []
        for _ in 0..<configuration.layers {
            blocks.append(try TransformerBlock(&pieces, width: width, hidden: hidden, heads: heads, activation: .geluTanh, epsilon: epsilon, on: processor))
        }
        self.blocks = blocks
        norm = try LayerNormalization(&pieces, width: width, epsilon: epsilon)
        head = hasHead ? try ProbeAttention(&pieces, width: width, hidden: hidden, heads: heads, activation: .geluTanh, epsilon: epsilon, on: exact) : nil
        workspace = Workspace(on: processor)
    }

    package func write(to sink: inout some PackedPieceSink) throws {
        try patches.write(to: &sink)
        try sink.append(positions.values)
        for block in blocks { try block.write(to: &sink) }
        try norm.write(to: &sink)
        try head?.write(to: &sink)
    }

    package var hasHead: Bool { head != nil }

    /// Encodes pictures.
    ///
    /// - Parameters:
    ///   - pictures: Of rank 4, pixels as SigLIP scales them (`x / 127.5 - 1`), `configuration.image` high and wide.
    ///   - hidden: Which hidden states to return: 0 (before the first layer) to `configuration.layers`.
    /// - Throws: `InferenceError` for a shape that does not fit, a layer that is not there, or a value that is not finite.
    package func encode(_ pictures: Tensor, layout: Layout = .channelsLast, hidden: Set<Int> = []) throws(InferenceError) -> Encoding {
        let count = try check(pictures, layout)
        guard hidden.allSatisfy({ (0...configuration.layers).contains($0) }) else {
            throw InferenceError("\(configuration.layers) layers cannot give the hidden states \(hidden.sorted())")
        }
        let length = configuration.positions, width = configuration.width, shape: Shape = [count, length, width]
        var output = Tensor(uninitialized: shape), pooled = head == nil ? nil : Tensor(uninitialized: [count, width])
        var states = Dictionary(uniqueKeysWithValues: hidden.map { ($0, Tensor(shape: shape)) })
        let group = max(1, min(count, Self.rowsAtATime / length)), x = (group * length * width + 15) / 16 * 16
        let memory = max(group * length * patches.inputs, blocks[0].memoryCount(clips: group, length: length), head?.memoryCount(clips: group, length: length) ?? 0)
        let scratch = max(patches.scratchCount, blocks[0].scratchCount, head?.scratchCount ?? 0)
        workspace.run(count: x + memory, scratch: scratch) { machine, values in
            let memory = values + x
            for start in stride(from: 0, to: count, by: group) {
                let some = min(group, count - start)
                embed(pictures, start..<start + some, layout, to: values, memory: memory, on: machine)
                func keep(_ layer: Int) {
                    states[layer]?.withUnsafeMutableBufferPointer { state in
                        (state.baseAddress! + start * length * width).update(from: values, count: some * length * width)
                    }
                }
                keep(0)
                for (index, block) in blocks.enumerated() {
                    block.run(values, clips: some, length: length, memory: memory, on: machine)
                    keep(index + 1)
                }
                output.withUnsafeMutableBufferPointer { output in
                    let place = output.baseAddress! + start * length * width
                    norm.run(some * length, values, to: place, on: machine)
                    pooled?.withUnsafeMutableBufferPointer { pooled in
                        head?.run(place, clips: some, length: length, to: pooled.baseAddress! + start * width, memory: memory, on: machine)
                    }
                }
            }
        }
        return Encoding(states: output, pooled: pooled, hidden: states)
    }

    private func check(_ pictures: Tensor, _ layout: Layout) throws(InferenceError) -> Int {
        let side = configuration.image, wanted: [Int] = layout == .channelsLast ? [side, side, 3] : [3, side, side]
        guard pictures.shape.rank == 4, Array(pictures.shape.extents.dropFirst()) == wanted else {
            throw InferenceError(node: "pictures", "needs an input of shape [pictures, \(wanted.map(String.init).joined(separator: ", "))], got \(pictures.shape)")
        }
        guard pictures.shape[0] > 0 else { throw InferenceError(node: "pictures", "there is no picture") }
        if let index = pictures.withUnsafeBufferPointer({ values in values.firstIndex { !$0.isFinite } }) {
            throw InferenceError(node: "pictures", "element \(index) is not finite")
        }
        return pictures.shape[0]
    }

    /// Patches as rows in the order of the weights (channel, line, column), embedded, with positions added.
    private func embed(
        _ pictures: Tensor, _ which: Range<Int>, _ layout: Layout, to x: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>, on machine: Machine
    ) {
        let (side, patch, across) = (configuration.image, configuration.patch, configuration.image / configuration.patch)
        pictures.withUnsafeBufferPointer { pixels in
            var target = memory
            for picture in which {
                let source = pixels.baseAddress! + picture * 3 * side * side
                for row in 0..<across {
                    for column in 0..<across {
                        for channel in 0..<3 {
                            for line in row * patch..<(row + 1) * patch {
                                switch layout {
                                case .channelsFirst: target.update(from: source + (channel * side + line) * side + column * patch, count: patch)
                                case .channelsLast:
                                    for place in 0..<patch { target[place] = source[(line * side + column * patch + place) * 3 + channel] }
                                }
                                target += patch
                            }
                        }
                    }
                }
            }
        }
        let length = configuration.positions
        patches.run(which.count * length, memory, to: x, on: machine)
        positions.withUnsafeBufferPointer { positions in
            for picture in 0..<which.count { machine.add(positions.baseAddress!, to: x + picture * positions.count, count: positions.count) }
        }
    }
}
