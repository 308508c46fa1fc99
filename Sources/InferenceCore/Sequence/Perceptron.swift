internal import CInferenceKernels

/// A small network that reads a long row: linear layers with ReLU between them and none after the last, which has one output.
///
/// The first layer, which may have a million inputs, is summed up in parts: the error does not grow with their number, each part of a row is
/// rounded for itself at int8, and threads share the work. Small layers are f32.
package struct Perceptron: Sendable {
    package typealias Layer = TransformerBlock.Weights.Layer

    package let inputs: Int
    /// Outputs of the layers.
    package let widths: [Int]
    /// Parts of the first layer; the first has the bias.
    let first: [Linear]
    let others: [Linear]

    /// Inputs of a part.
    static let part = 8192

    /// - Parameter layers: At least one, `[outputs, inputs]` each, that follow from one another; the last with one output.
    package init(_ layers: [Layer], on processor: Processor) {
        let outputs = layers[0].bias.count, inputs = layers[0].weights.count / outputs
        precondition(layers.last?.bias.count == 1 && layers[0].weights.count == inputs * outputs, "layers with one output at the end")
        self.inputs = inputs
        widths = layers.map(\.bias.count)
        first = stride(from: 0, to: inputs, by: Self.part).map { start in
            let columns = start..<min(start + Self.part, inputs)
            var weights: [Float] = []
            weights.reserveCapacity(outputs * columns.count)
            for row in 0..<outputs { weights += layers[0].weights[row * inputs + columns.lowerBound..<row * inputs + columns.upperBound] }
            return Linear(weights: weights, bias: start == 0 ? layers[0].bias : nil, outputs: outputs, on: processor)
        }
        others = layers.dropFirst().map { layer in
            Linear(weights: layer.weights, bias: layer.bias, outputs: layer.bias.count, activation: layer.bias.count == 1 ? nil : .relu,
                   on: Self.processor(layer.weights.count / layer.bias.count, processor))
        }
    }

    /// A network that `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `InferenceError` if there is not enough of it.
    package init(_ pieces: inout PackedPieces, inputs: Int, widths: [Int], on processor: Processor) throws(InferenceError) {
        self.inputs = inputs
        self.widths = widths
        var first: [Linear] = [], others: [Linear] = []
        for start in stride(from: 0, to: inputs, by: Self.part) {
            first.append(try Linear(&pieces, inputs: min(Self.part, inputs - start), outputs: widths[0], on: processor))
        }
        for (width, next) in zip(widths, widths.dropFirst()) {
            others.append(try Linear(&pieces, inputs: width, outputs: next, activation: next == 1 ? nil : .relu, on: Self.processor(width, processor)))
        }
        self.first = first
        self.others = others
    }

    package func write(to sink: inout some PackedPieceSink) throws {
        for layer in first { try layer.write(to: &sink) }
        for layer in others { try layer.write(to: &sink) }
    }

    /// A layer of few inputs takes little room, and has little to average its roundings over.
    private static func processor(_ inputs: Int, _ processor: Processor) -> Processor { inputs < 256 ? processor.at(.f32) : processor }

    /// Floats of scratch for the layers after the first.
    func roundedCount(_ rows: Int, on processor: Processor) -> Int {
        others.map { WeightMatrix.scratchCount(rows, inputs: $0.inputs, on: Self.processor($0.inputs, processor)) }.max() ?? 0
    }

    /// Everything after the first layer, on this thread.
    ///
    /// - Parameters:
    ///   - values: `[rows, widths[0]]`, the first layer's sums; overwritten. There is room for the widest layer.
    ///   - spare: As much again.
    ///   - rounded: `roundedCount` floats.
    ///   - result: Receives each row's output, `pitch` floats apart.
    func finish(
        _ rows: Int, _ values: UnsafeMutablePointer<Float>, spare: UnsafeMutablePointer<Float>, rounded: UnsafeMutablePointer<Float>,
        to result: UnsafeMutablePointer<Float>, pitch: Int, _ kernels: mien_kernels
    ) {
        var values = values, next = spare
        if !others.isEmpty { kernels.activate(values, values, rows * widths[0], MIEN_CLAMP, 0, .infinity) }
        for layer in others {
            layer.apply(rows, layer.rows(rows, values, pitch: layer.inputs, ofMany: false, scratch: rounded, kernels), to: next, pitch: layer.outputs, kernels)
            swap(&values, &next)
        }
        for row in 0..<rows { result[row * pitch] = values[row] }
    }
}
