internal import CInferenceKernels

/// `y += down(activation(up(x)))`, the two layers at the end of a transformer block.
///
/// The hidden values are made and used a part at a time, so that those of a few rows never leave the second-level cache.
package struct FeedForward: Sendable {
    private let parts: [(up: Linear, down: Linear)]
    private let width: Int
    private let rowPiece: Int
    /// Columns of a part: whole panels of every table's product.
    private static let part = 384

    /// - Parameters:
    ///   - up: `[hidden, width]` with bias `[hidden]`.
    ///   - down: `[width, hidden]` with bias `[width]`.
    package init(
        up: (weights: [Float], bias: [Float]), down: (weights: [Float], bias: [Float]), activation: Activation, on processor: Processor
    ) {
        let width = down.bias.count, hidden = up.bias.count
        precondition(up.weights.count == hidden * width && down.weights.count == hidden * width, "the layers fit one another")
        self.width = width
        rowPiece = processor.rowPiece
        parts = stride(from: 0, to: hidden, by: Self.part).map { start in
            let columns = start..<min(start + Self.part, hidden)
            var some: [Float] = []
            some.reserveCapacity(width * columns.count)
            for row in 0..<width { some += down.weights[row * hidden + columns.lowerBound..<row * hidden + columns.upperBound] }
            return (Linear(weights: Array(up.weights[columns.lowerBound * width..<columns.upperBound * width]), bias: Array(up.bias[columns]),
                           outputs: columns.count, activation: activation, on: processor),
                    Linear(weights: some, bias: start == 0 ? down.bias : nil, outputs: width, on: processor))
        }
    }

    init(_ pieces: inout PackedPieces, width: Int, hidden: Int, activation: Activation, on processor: Processor) throws(InferenceError) {
        self.width = width
        rowPiece = processor.rowPiece
        var parts: [(up: Linear, down: Linear)] = []
        for start in stride(from: 0, to: hidden, by: Self.part) {
            let columns = min(Self.part, hidden - start)
            parts.append((try Linear(&pieces, inputs: width, outputs: columns, activation: activation, on: processor),
                          try Linear(&pieces, inputs: columns, outputs: width, on: processor)))
        }
        self.parts = parts
    }

    func write(to sink: inout some PackedPieceSink) throws {
        for (up, down) in parts {
            try up.write(to: &sink)
            try down.write(to: &sink)
        }
    }

    /// Floats of scratch for each thread.
    var scratchCount: Int { rowPiece * Self.part + parts[0].up.scratchCount + parts[0].down.scratchCount }

    /// Adds the result for rows `x` `[count, width]` to `y` `[count, width]`, on this thread. `count` is at most
    /// `Processor.rowPiece`; for `ofMany` see `WeightMatrix.rows`.
    func apply(
        _ count: Int, _ x: UnsafePointer<Float>, ofMany: Bool, addingTo y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        _ kernels: mien_kernels
    ) {
        let hidden = scratch, upper = hidden + rowPiece * Self.part, lower = upper + parts[0].up.scratchCount
        let rows = parts[0].up.rows(count, x, pitch: width, ofMany: ofMany, scratch: upper, kernels)
        for (up, down) in parts {
            up.apply(count, rows, to: hidden, pitch: up.outputs, kernels)
            down.apply(count, down.rows(count, hidden, pitch: up.outputs, ofMany: ofMany, scratch: lower, kernels), to: y, pitch: width, adding: y, kernels)
        }
    }
}
