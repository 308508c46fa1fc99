internal import CInferenceKernels

/// A pre-norm transformer block: `x += attention(norm(x))`, then `x += feedForward(norm(x))`.
///
/// Three loops over all threads: normalise and project to queries, keys and values; attend; and everything that follows for a piece of
/// rows at once, while they are in the cache.
package struct TransformerBlock: Sendable {
    /// A block's weights as they come from a file: matrices `[outputs, inputs]`, row-major.
    package struct Weights {
        package typealias Layer = (weights: [Float], bias: [Float])
        package typealias Norm = (scale: [Float], shift: [Float])

        package var attentionNorm: Norm
        /// `[3 * width, width]`: the rows of queries, keys, values.
        package var projections: Layer
        package var attentionOutput: Layer
        package var feedForwardNorm: Norm
        package var up: Layer
        package var down: Layer

        package init(attentionNorm: Norm, projections: Layer, attentionOutput: Layer, feedForwardNorm: Norm, up: Layer, down: Layer) {
            self.attentionNorm = attentionNorm
            self.projections = projections
            self.attentionOutput = attentionOutput
            self.feedForwardNorm = feedForwardNorm
            self.up = up
            self.down = down
        }
    }

    private let width: Int
    private let rowPiece: Int
    private let attentionNorm: LayerNormalization
    private let projections: Linear
    private let attention: Attention
    private let attentionOutput: Linear
    private let feedForwardNorm: LayerNormalization
    private let feedForward: FeedForward

    package init(_ weights: Weights, heads: Int, activation: Activation, epsilon: Float, on processor: Processor) {
        width = weights.attentionNorm.scale.count
        rowPiece = processor.rowPiece
        precondition(width % heads == 0, "\(heads) heads divide \(width)")
        attentionNorm = LayerNormalization(scale: weights.attentionNorm.scale, shift: weights.attentionNorm.shift, epsilon: epsilon)
        projections = Linear(weights: weights.projections.weights, bias: weights.projections.bias, outputs: 3 * width, on: processor)
        attention = Attention(heads: heads, head: width / heads, on: processor)
        attentionOutput = Linear(weights: weights.attentionOutput.weights, bias: weights.attentionOutput.bias, outputs: width, on: processor)
        feedForwardNorm = LayerNormalization(scale: weights.feedForwardNorm.scale, shift: weights.feedForwardNorm.shift, epsilon: epsilon)
        feedForward = FeedForward(up: weights.up, down: weights.down, activation: activation, on: processor)
    }

    /// A block that `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `InferenceError` if there is not enough of it.
    package init(
        _ pieces: inout PackedPieces, width: Int, hidden: Int, heads: Int, activation: Activation, epsilon: Float, on processor: Processor
    ) throws(InferenceError) {
        precondition(width % heads == 0, "\(heads) heads divide \(width)")
        self.width = width
        rowPiece = processor.rowPiece
        attentionNorm = try LayerNormalization(&pieces, width: width, epsilon: epsilon)
        projections = try Linear(&pieces, inputs: width, outputs: 3 * width, on: processor)
        attention = Attention(heads: heads, head: width / heads, on: processor)
        attentionOutput = try Linear(&pieces, inputs: width, outputs: width, on: processor)
        feedForwardNorm = try LayerNormalization(&pieces, width: width, epsilon: epsilon)
        feedForward = try FeedForward(&pieces, width: width, hidden: hidden, activation: activation, on: processor)
    }

    package func write(to sink: inout some PackedPieceSink) throws {
        try attentionNorm.write(to: &sink)
        try projections.write(to: &sink)
        try attentionOutput.write(to: &sink)
        try feedForwardNorm.write(to: &sink)
        try feedForward.write(to: &sink)
    }

    /// Floats of memory for a run over `clips` sequences of `length` rows.
    package func memoryCount(clips: Int, length: Int) -> Int {
        roundUp(3 * clips * length * width, to: 16) + attention.packedCount(clips: clips, keys: length)
    }

    /// Floats of scratch for each thread.
    package var scratchCount: Int {
        max(rowPiece * width + max(feedForward.scratchCount, projections.scratchCount), attentionOutput.scratchCount, attention.scratchCount)
    }

    /// Runs the block in place.
    ///
    /// - Parameters:
    ///   - x: `[clips, length, width]`; each clip attends to itself only.
    ///   - memory: `memoryCount` floats.
    package func run(
        _ x: UnsafeMutablePointer<Float>, clips: Int, length: Int, memory: UnsafeMutablePointer<Float>, on machine: Machine
    ) {
        let rows = clips * length, kernels = machine.kernels
        let projected = memory, packed = memory + roundUp(3 * rows * width, to: 16)
        machine.parallelRows(rows) { piece, slot in
            let normed = machine.scratch(slot: slot), free = normed + rowPiece * width
            attentionNorm.apply(piece.count, x + piece.lowerBound * width, to: normed, kernels)
            let rows = projections.rows(piece.count, normed, pitch: width, ofMany: true, scratch: free, kernels)
            projections.apply(piece.count, rows, to: projected + piece.lowerBound * 3 * width, pitch: 3 * width, kernels)
        }
        attention.pack(clips: clips, keys: length, k: projected + width, v: projected + 2 * width, pitch: 3 * width, to: packed, on: machine)
        attention.attend(clips: clips, queries: length, q: projected, pitch: 3 * width, keys: length, packed: packed, to: projected,
                         pitch: 3 * width, on: machine)
        machine.parallelRows(rows) { piece, slot in
            let normed = machine.scratch(slot: slot), here = x + piece.lowerBound * width
            let attended = attentionOutput.rows(piece.count, projected + piece.lowerBound * 3 * width, pitch: 3 * width, ofMany: true, scratch: normed, kernels)
            attentionOutput.apply(piece.count, attended, to: here, pitch: width, adding: here, kernels)
            feedForwardNorm.apply(piece.count, here, to: normed, kernels)
            feedForward.apply(piece.count, normed, ofMany: true, addingTo: here, scratch: normed + rowPiece * width, kernels)
        }
    }
}
