/// Several small networks that read the same input: linear layers with ReLU between them and none after the last, each with one output.
///
/// Weights are f32. Threads share the work by network; the first layer, which may have a million inputs, is summed up in parts so that its
/// error does not grow with them.
package struct Perceptrons: Sendable {
    package typealias Layer = TransformerBlock.Weights.Layer

    package var count: Int { networks.count }
    package let inputs: Int
    private let networks: [Network]
    private let workspace: Workspace
    /// Inputs of a part of the first layer.
    private static let part = 8192

    private struct Network {
        var first: [Linear]
        var others: [Linear]
        /// Widest row between two layers.
        var width: Int { max(first[0].outputs, others.map(\.outputs).max() ?? 0) }
    }

    /// - Parameter networks: Each a list of layers `[outputs, inputs]`, at least one, the last with one output; all of `inputs` inputs.
    package init(_ networks: [[Layer]], inputs: Int, on processor: Processor) {
        let exact = processor.at(.f32)
        self.inputs = inputs
        self.networks = networks.map { layers in
            precondition(layers[0].weights.count == inputs * layers[0].bias.count && layers.last?.bias.count == 1, "networks of \(inputs) inputs and one output")
            let outputs = layers[0].bias.count
            let first = stride(from: 0, to: inputs, by: Self.part).map { start in
                let columns = start..<min(start + Self.part, inputs)
                var weights: [Float] = []
                weights.reserveCapacity(outputs * columns.count)
                for row in 0..<outputs { weights += layers[0].weights[row * inputs + columns.lowerBound..<row * inputs + columns.upperBound] }
                return Linear(weights: weights, bias: start == 0 ? layers[0].bias : nil, outputs: outputs, on: exact)
            }
            // ReLU before each of the others: after the first layer's parts have been added up, and then in the layers themselves.
            let others = layers.indices.dropFirst().map { index in
                Linear(weights: layers[index].weights, bias: layers[index].bias, outputs: layers[index].bias.count,
                       activation: index == layers.count - 1 ? nil : .relu, on: exact)
            }
            return Network(first: first, others: others)
        }
        workspace = Workspace(on: exact)
    }

    /// - Parameter x: `[rows, inputs]`
    /// - Returns: `[rows, count]`
    package func run(_ rows: Int, _ x: [Float]) -> [Float] {
        precondition(x.count == rows * inputs, "\(x.count) values are not \(rows) rows of \(inputs)")
        let width = networks.map(\.width).max() ?? 0
        var results = [Float](repeating: 0, count: rows * count)
        results.withUnsafeMutableBufferPointer { results in
            nonisolated(unsafe) let results = results
            x.withUnsafeBufferPointer { x in
                workspace.run(count: 0, scratch: 2 * rows * width) { machine, _ in
                    machine.parallelFor(count) { index, slot in
                        let network = networks[index]
                        var values = machine.scratch(slot: slot), next = values + rows * width
                        var start = 0
                        for part in network.first {
                            let source = part.rows(rows, x.baseAddress! + start, pitch: inputs, scratch: next, machine.kernels)
                            part.apply(rows, source, to: values, pitch: part.outputs, adding: start == 0 ? nil : UnsafePointer(values), machine.kernels)
                            start += part.inputs
                        }
                        if !network.others.isEmpty {
                            for place in 0..<rows * network.first[0].outputs { values[place] = max(values[place], 0) }
                        }
                        for layer in network.others {
                            let source = layer.rows(rows, values, pitch: layer.inputs, scratch: next, machine.kernels)
                            layer.apply(rows, source, to: next, pitch: layer.outputs, machine.kernels)
                            swap(&values, &next)
                        }
                        for row in 0..<rows { results[row * count + index] = values[row] }
                    }
                }
            }
        }
        return results
    }
}
