internal import CInferenceKernels

/// `y = x * weights^T + bias` over the rows of the last axis, with an activation.
struct LinearLayer: Layer {
    private let packed: PackedMatrix
    private let epilogue: Epilogue

    /// - Parameter weights: `[outputs, inputs]`, row-major.
    init(weights: [Float], bias: [Float]?, outputs: Int, activation: Activation?, kernels: mien_kernels) {
        let inputs = outputs == 0 ? 0 : weights.count / outputs
        packed = PackedMatrix(weights, rows: inputs, columns: outputs, rowStride: 1, columnStride: inputs, bias: bias, kernels: kernels)
        epilogue = Epilogue(activation)
    }

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard let features = inputs[0].extents.last, features == packed.rows else {
            throw InferenceError("needs \(packed.rows) features, got \(inputs[0])")
        }
        return [Shape(inputs[0].extents.dropLast() + [packed.columns])]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let rows = inputs[0].shape.count / max(packed.rows, 1)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let piece = 96
        machine.parallelFor((rows + piece - 1) / piece) { index, _ in
            let start = index * piece, count = min(piece, rows - start)
            var product = packed.product(
                rows: count, from: source + start * packed.rows, pitch: packed.rows, to: target + start * packed.columns,
                pitch: packed.columns, epilogue)
            machine.kernels.product(&product)
            epilogue.finish(target + start * packed.columns, count: count * packed.columns, machine.kernels)
        }
    }
}
