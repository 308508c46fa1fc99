internal import CInferenceKernels

/// `y = activation(x * weights^T + bias)`, or `y = x * weights^T + bias + residual`, over rows.
package struct Linear: Sendable {
    package var inputs: Int { packed.rows }
    package var outputs: Int { packed.columns }
    private let packed: PackedMatrix
    private let epilogue: Epilogue

    /// - Parameters:
    ///   - weights: `[outputs, inputs]`, row-major.
    ///   - bias: `[outputs]`, or nil for zeros.
    package init(weights: [Float], bias: [Float]?, outputs: Int, activation: Activation? = nil, on processor: Processor) {
        precondition(outputs > 0 && weights.count % outputs == 0 && (bias?.count ?? outputs) == outputs, "weights and bias fit \(outputs) outputs")
        let inputs = weights.count / outputs
        packed = PackedMatrix(weights, rows: inputs, columns: outputs, rowStride: 1, columnStride: inputs, bias: bias, kernels: processor.kernels)
        epilogue = Epilogue(activation)
    }

    /// Computes `count` rows on this thread. Pitches are in floats.
    ///
    /// - Parameter adding: Rows like those of `y`, and maybe the same, that are added to the result; not together with an activation.
    func apply(
        _ count: Int, _ x: UnsafePointer<Float>, pitch: Int, to y: UnsafeMutablePointer<Float>, pitch outputPitch: Int,
        adding residual: UnsafePointer<Float>? = nil, _ kernels: mien_kernels
    ) {
        var product = packed.product(rows: count, from: x, pitch: pitch, to: y, pitch: outputPitch, epilogue)
        product.residual = residual
        product.residual_row_pitch = outputPitch
        kernels.product(&product)
        if outputPitch == outputs {
            epilogue.finish(y, count: count * outputs, kernels)
        } else if epilogue.later != nil {
            for row in 0..<count { epilogue.finish(y + row * outputPitch, count: outputs, kernels) }
        }
    }

    /// `y += x * weights^T`, without the bias, on this thread.
    func accumulate(
        _ count: Int, _ x: UnsafePointer<Float>, pitch: Int, into y: UnsafeMutablePointer<Float>, pitch outputPitch: Int, _ kernels: mien_kernels
    ) {
        var product = packed.product(rows: count, from: x, pitch: pitch, to: y, pitch: outputPitch, epilogue)
        product.accumulate = true
        kernels.product(&product)
    }

    /// Computes rows `[count, inputs]` to `[count, outputs]` on all threads.
    package func run(_ count: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, on machine: Machine) {
        machine.parallelRows(count) { rows, _ in
            apply(rows.count, x + rows.lowerBound * inputs, pitch: inputs, to: y + rows.lowerBound * outputs, pitch: outputs, machine.kernels)
        }
    }
}
