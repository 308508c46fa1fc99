internal import CInferenceKernels

/// A transposed convolution whose window tiles the output. Every input pixel becomes a square of output pixels, and one line of those
/// squares is contiguous in the output: one matrix product for each line of the window.
struct TransposedConvolutionLayer: Layer {
    let factor: Int
    let inputChannels: Int
    let outputChannels: Int
    let epilogue: Epilogue
    let addsResidual: Bool
    let residualLast: Bool
    private let packed: [PackedMatrix]

    init(
        _ convolution: TransposedConvolution, activation: Activation?, addsResidual: Bool = false, residualLast: Bool = false, kernels: mien_kernels
    ) {
        factor = convolution.factor
        inputChannels = convolution.inputChannels
        outputChannels = convolution.outputChannels
        epilogue = Epilogue(activation)
        self.addsResidual = addsResidual
        self.residualLast = residualLast
        let (factor, inputs, outputs) = (convolution.factor, convolution.inputChannels, convolution.outputChannels)
        packed = (0..<factor).map { dy in
            // Columns (dx, output channel).
            var weights = [Float](repeating: 0, count: inputs * factor * outputs)
            for input in 0..<inputs {
                for output in 0..<outputs {
                    for dx in 0..<factor {
                        let source = ((input * outputs + output) * factor + dy) * factor + dx
                        weights[(input * factor + dx) * outputs + output] = convolution.weights[source]
                    }
                }
            }
            let bias = convolution.bias.map { bias in (0..<factor).flatMap { _ in bias } }
            return PackedMatrix(
                weights, rows: inputs, columns: factor * outputs, rowStride: factor * outputs, columnStride: 1, bias: bias, kernels: kernels)
        }
    }

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0], channels: inputChannels)
        let output: Shape = [image.batch, image.height * factor, image.width * factor, outputChannels]
        if addsResidual, inputs[1] != output { throw InferenceError("cannot add \(inputs[1]) to \(output)") }
        return [output]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let image = ImageShape(inputs[0].shape), output = ImageShape(outputs[0].shape)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let residual = addsResidual ? inputs[1].pointer : nil
        // Lines of all pictures in one row: the output has `factor` lines for each.
        let all = image.batch * image.height
        let lines = max(1, 96 / max(image.width, 1))
        machine.parallelFor((all + lines - 1) / lines) { index, _ in
            let start = index * lines, count = min(lines, all - start)
            for dy in 0..<factor {
                let offset = (start * factor + dy) * output.lineCount
                var product = packed[dy].product(
                    rows: count * image.width, from: source + start * image.lineCount, pitch: inputChannels, to: target + offset,
                    pitch: factor * outputChannels, epilogue)
                product.line_rows = image.width
                product.a_line_pitch = image.lineCount
                product.c_line_pitch = factor * output.lineCount
                if let residual {
                    product.residual = residual + offset
                    product.residual_row_pitch = product.c_row_pitch
                    product.residual_line_pitch = product.c_line_pitch
                    product.residual_last = residualLast
                }
                machine.kernels.product(&product)
            }
            epilogue.finish(target + start * factor * output.lineCount, count: count * factor * output.lineCount, machine.kernels)
        }
    }
}
