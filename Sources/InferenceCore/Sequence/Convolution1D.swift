internal import CInferenceKernels

/// A convolution over rows (time steps), with zeros beyond both ends, and an activation.
///
/// The window's rows are neighbours in memory, so the convolution is a product that reads the input in place; the zeros must therefore be
/// there: the input has `padding` rows of them before its first row and after its last.
package struct Convolution1D: Sendable {
    package let inputs: Int
    package let outputs: Int
    package let stride: Int
    /// Rows of zeros at each end.
    package let padding: Int
    private let taps: Int
    private let matrix: WeightMatrix
    private let epilogue: Epilogue
    /// Floats of scratch for each thread.
    package let scratchCount: Int

    /// - Parameters:
    ///   - weights: `[outputs, inputs, taps]`, row-major: the order of PyTorch.
    ///   - taps: An odd number of rows.
    package init(
        weights: [Float], bias: [Float]?, outputs: Int, taps: Int, stride: Int = 1, activation: Activation? = nil, on processor: Processor
    ) {
        precondition(outputs > 0 && taps % 2 == 1 && stride > 0 && weights.count % (outputs * taps) == 0, "weights fit the window")
        let inputs = weights.count / (outputs * taps)
        (self.inputs, self.outputs, self.taps, self.stride) = (inputs, outputs, taps, stride)
        padding = taps / 2
        epilogue = Epilogue(activation)
        // [outputs, inputs, taps] to [outputs, taps, inputs]: the order in which a window lies in memory.
        var turned = [Float](repeating: 0, count: weights.count)
        for output in 0..<outputs {
            for input in 0..<inputs {
                for tap in 0..<taps { turned[(output * taps + tap) * inputs + input] = weights[(output * inputs + input) * taps + tap] }
            }
        }
        matrix = WeightMatrix(turned, bias: bias, outputs: outputs, on: processor)
        scratchCount = WeightMatrix.scratchCount(processor.rowPiece, inputs: taps * inputs, on: processor)
    }

    /// A convolution that `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `InferenceError` if there is not enough of it.
    package init(
        _ pieces: inout PackedPieces, inputs: Int, outputs: Int, taps: Int, stride: Int = 1, activation: Activation? = nil, on processor: Processor
    ) throws(InferenceError) {
        (self.inputs, self.outputs, self.taps, self.stride) = (inputs, outputs, taps, stride)
        padding = taps / 2
        epilogue = Epilogue(activation)
        matrix = try WeightMatrix(&pieces, inputs: taps * inputs, outputs: outputs, on: processor)
        scratchCount = WeightMatrix.scratchCount(processor.rowPiece, inputs: taps * inputs, on: processor)
    }

    package func write(to sink: inout some PackedPieceSink) throws { try matrix.write(to: &sink) }

    /// Rows of the result for `length` rows of input.
    package func outputLength(_ length: Int) -> Int { length == 0 ? 0 : (length - 1) / stride + 1 }

    /// Convolves one sequence on all threads.
    ///
    /// - Parameters:
    ///   - x: `[padding + length + padding, inputs]`, zeros around the sequence.
    ///   - y: `[outputLength(length), outputs]`.
    ///   - adding: Rows like those of `y`, added after the activation.
    package func run(
        _ length: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, adding: UnsafePointer<Float>? = nil, on machine: Machine
    ) {
        machine.parallelRows(outputLength(length)) { piece, slot in
            let target = y + piece.lowerBound * outputs, count = piece.count * outputs, kernels = machine.kernels
            let rows = matrix.rows(piece.count, x + piece.lowerBound * stride * inputs, pitch: stride * inputs, ofMany: true, scratch: machine.scratch(slot: slot), kernels)
            matrix.multiply(rows, to: target, pitch: outputs, epilogue, kernels)
            epilogue.finish(target, count: count, kernels)
            if let adding { kernels.add(target, target, adding + piece.lowerBound * outputs, count, -.infinity, .infinity) }
        }
    }
}
