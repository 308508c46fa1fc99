internal import CInferenceKernels

/// `y = activation(x * weights^T + bias)`, or `y = x * weights^T + bias + residual`, over rows.
package struct Linear: Sendable {
    package var inputs: Int { matrix.inputs }
    package var outputs: Int { matrix.outputs }
    private let matrix: WeightMatrix
    private let epilogue: Epilogue
    /// Floats of scratch for each thread.
    package let scratchCount: Int

    /// - Parameters:
    ///   - weights: `[outputs, inputs]`, row-major.
    ///   - bias: `[outputs]`, or nil for zeros.
    package init(weights: [Float], bias: [Float]?, outputs: Int, activation: Activation? = nil, on processor: Processor) {
        matrix = WeightMatrix(weights, bias: bias, outputs: outputs, on: processor)
        epilogue = Epilogue(activation)
        scratchCount = WeightMatrix.scratchCount(processor.rowPiece, inputs: matrix.inputs, on: processor)
    }

    /// A layer that `write` wrote for a processor of the same layout and precision.
    package init(_ pieces: inout PackedPieces, inputs: Int, outputs: Int, activation: Activation? = nil, on processor: Processor) throws(InferenceError) {
        matrix = try WeightMatrix(&pieces, inputs: inputs, outputs: outputs, on: processor)
        epilogue = Epilogue(activation)
        scratchCount = WeightMatrix.scratchCount(processor.rowPiece, inputs: inputs, on: processor)
    }

    package func write(to sink: inout some PackedPieceSink) throws { try matrix.write(to: &sink) }

    /// Prepares at most `Processor.rowPiece` rows for this layer and others of as many inputs; `scratch` holds what they read until then.
    ///
    /// - Parameter ofMany: Whether they are rows of a sequence; see `WeightMatrix.rows`.
    func rows(
        _ count: Int, _ x: UnsafePointer<Float>, pitch: Int, ofMany: Bool, scratch: UnsafeMutablePointer<Float>, _ kernels: mien_kernels
    ) -> WeightMatrix.Rows {
        matrix.rows(count, x, pitch: pitch, ofMany: ofMany, scratch: scratch, kernels)
    }

    /// The same rows again, which `rows` has prepared in `scratch` before.
    func prepared(_ count: Int, _ x: UnsafePointer<Float>, pitch: Int, ofMany: Bool, scratch: UnsafeMutablePointer<Float>) -> WeightMatrix.Rows {
        matrix.prepared(count, x, pitch: pitch, ofMany: ofMany, scratch: scratch)
    }

    /// Computes `count` prepared rows on this thread. The pitch is in floats.
    ///
    /// - Parameter adding: Rows like those of `y`, and maybe the same, that are added to the result; not together with an activation.
    func apply(
        _ count: Int, _ rows: WeightMatrix.Rows, to y: UnsafeMutablePointer<Float>, pitch: Int, adding residual: UnsafePointer<Float>? = nil,
        _ kernels: mien_kernels
    ) {
        matrix.multiply(rows, to: y, pitch: pitch, adding: residual, epilogue, kernels)
        if pitch == outputs {
            epilogue.finish(y, count: count * outputs, kernels)
        } else if epilogue.later != nil {
            for row in 0..<count { epilogue.finish(y + row * pitch, count: outputs, kernels) }
        }
    }

    /// Computes rows `[count, inputs]` to `[count, outputs]` on all threads.
    ///
    /// - Parameter ofMany: Whether they are rows of sequences; see `WeightMatrix.rows`.
    package func run(_ count: Int, _ x: UnsafePointer<Float>, ofMany: Bool = false, to y: UnsafeMutablePointer<Float>, on machine: Machine) {
        machine.parallelRows(count) { piece, slot in
            let rows = rows(piece.count, x + piece.lowerBound * inputs, pitch: inputs, ofMany: ofMany, scratch: machine.scratch(slot: slot), machine.kernels)
            apply(piece.count, rows, to: y + piece.lowerBound * outputs, pitch: outputs, machine.kernels)
        }
    }
}
