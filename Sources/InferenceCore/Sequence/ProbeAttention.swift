internal import CInferenceKernels

/// Pools a sequence by attention: a learnt probe asks, the sequence answers, and a feed-forward pair follows:
/// `y = output(attention(query(probe), keys(x), values(x)))`, then `y += feedForward(norm(y))`. The head of SigLIP's vision tower.
package struct ProbeAttention: Sendable {
    private let width: Int
    private let rowPiece: Int
    /// `[width]`: the same for every sequence.
    private let query: [Float]
    private let projections: Linear
    private let attention: Attention
    private let output: Linear
    private let norm: LayerNormalization
    private let feedForward: FeedForward

    /// - Parameters:
    ///   - probe: `[width]`.
    ///   - projections: `[3 * width, width]`: the rows of queries, keys, values.
    package init(
        probe: [Float], projections: TransformerBlock.Weights.Layer, output: TransformerBlock.Weights.Layer, norm: TransformerBlock.Weights.Norm,
        up: TransformerBlock.Weights.Layer, down: TransformerBlock.Weights.Layer, heads: Int, activation: Activation, epsilon: Float, on processor: Processor
    ) {
        let width = probe.count
        precondition(width % heads == 0 && projections.bias.count == 3 * width, "\(heads) heads divide \(width)")
        self.width = width
        rowPiece = processor.rowPiece
        let asking = Linear(weights: Array(projections.weights[..<(width * width)]), bias: Array(projections.bias[..<width]), outputs: width, on: processor.at(.f32))
        var query = [Float](repeating: 0, count: width)
        Workspace(on: processor).run(count: 0, scratch: 0) { machine, _ in
            query.withUnsafeMutableBufferPointer { asking.run(1, probe, to: $0.baseAddress!, on: machine) }
        }
        self.query = query
        self.projections = Linear(weights: Array(projections.weights[(width * width)...]), bias: Array(projections.bias[width...]), outputs: 2 * width, on: processor)
        attention = Attention(heads: heads, head: width / heads, on: processor)
        self.output = Linear(weights: output.weights, bias: output.bias, outputs: width, on: processor)
        self.norm = LayerNormalization(scale: norm.scale, shift: norm.shift, epsilon: epsilon)
        feedForward = FeedForward(up: up, down: down, activation: activation, on: processor)
    }

    /// What `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `InferenceError` if there is not enough of it.
    package init(
        _ pieces: inout PackedPieces, width: Int, hidden: Int, heads: Int, activation: Activation, epsilon: Float, on processor: Processor
    ) throws(InferenceError) {
        precondition(width % heads == 0, "\(heads) heads divide \(width)")
        self.width = width
        rowPiece = processor.rowPiece
        query = try pieces.floats(width)
        projections = try Linear(&pieces, inputs: width, outputs: 2 * width, on: processor)
        attention = Attention(heads: heads, head: width / heads, on: processor)
        output = try Linear(&pieces, inputs: width, outputs: width, on: processor)
        norm = try LayerNormalization(&pieces, width: width, epsilon: epsilon)
        feedForward = try FeedForward(&pieces, width: width, hidden: hidden, activation: activation, on: processor)
    }

    package func write(to sink: inout some PackedPieceSink) throws {
        try sink.append(query)
        try projections.write(to: &sink)
        try output.write(to: &sink)
        try norm.write(to: &sink)
        try feedForward.write(to: &sink)
    }

    /// Floats of memory for a run over `clips` sequences of `length` rows.
    package func memoryCount(clips: Int, length: Int) -> Int {
        roundUp(clips * length * 2 * width, to: 16) + roundUp(clips * width, to: 16) + attention.packedCount(clips: clips, keys: length)
    }

    /// Floats of scratch for each thread.
    package var scratchCount: Int {
        max(projections.scratchCount, attention.scratchCount, output.scratchCount, rowPiece * width + feedForward.scratchCount)
    }

    /// - Parameters:
    ///   - x: `[clips, length, width]`
    ///   - y: `[clips, width]`
    ///   - memory: `memoryCount` floats.
    package func run(
        _ x: UnsafePointer<Float>, clips: Int, length: Int, to y: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>, on machine: Machine
    ) {
        let projected = memory, attended = memory + roundUp(clips * length * 2 * width, to: 16), packed = attended + roundUp(clips * width, to: 16)
        projections.run(clips * length, x, ofMany: true, to: projected, on: machine)
        for clip in 0..<clips { (attended + clip * width).update(from: query, count: width) }
        attention.pack(clips: clips, keys: length, k: projected, v: projected + width, pitch: 2 * width, to: packed, on: machine)
        attention.attend(clips: clips, queries: 1, q: attended, pitch: width, keys: length, packed: packed, to: attended, pitch: width, on: machine)
        output.run(clips, attended, to: y, on: machine)
        machine.parallelRows(clips) { piece, slot in
            let here = y + piece.lowerBound * width, normed = machine.scratch(slot: slot)
            norm.apply(piece.count, here, to: normed, machine.kernels)
            feedForward.apply(piece.count, normed, ofMany: false, addingTo: here, scratch: normed + rowPiece * width, machine.kernels)
        }
    }
}
