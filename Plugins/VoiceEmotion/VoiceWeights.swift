import InferenceCore
import MienJSON
import MienNetworks

/// The file of this estimator: safetensors, matrices as I8 with a scale per output beside them, and what else has to be known in its
/// metadata. training/README.md has the names.
struct VoiceWeights {
    let configuration: Configuration
    private let file: Safetensors

    /// - Throws: `ModelFileError` if the metadata are not those of such a file.
    init(_ file: Safetensors) throws(ModelFileError) {
        self.file = file
        configuration = try Configuration(file)
    }

    /// A tensor of floats, or of I8 codes with a scale for each row.
    func floats(_ name: String, _ extents: [Int?]) throws(ModelFileError) -> [Float] {
        let tensor = try file.tensor(named: name), shape = tensor.shape.extents
        guard shape.count == extents.count, zip(shape, extents).allSatisfy({ $1 == nil || $0 == $1 }), shape.allSatisfy({ $0 > 0 }) else {
            let wanted = extents.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw ModelFileError(.mismatch, file: file.path, "tensor '\(name)' has shape \(tensor.shape), expected [\(wanted)]")
        }
        guard tensor.type == .i8 else { return try file.floats(named: name) }
        let scales = try file.floats(named: name + ".scale", shape: [shape[0]]), row = tensor.shape.count / shape[0]
        return tensor.withBytes { bytes in
            [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
                for index in 0..<bytes.count { values[index] = Float(Int8(bitPattern: bytes[index])) * scales[index / row] }
                count = bytes.count
            }
        }
    }

    private func outputs(of name: String) throws(ModelFileError) -> Int {
        guard let outputs = try file.tensor(named: name + ".weight").shape.extents.first, outputs > 0 else {
            throw ModelFileError(.mismatch, file: file.path, "tensor '\(name).weight' has no rows")
        }
        return outputs
    }

    func norm(_ name: String, _ width: Int) throws(ModelFileError) -> TransformerBlock.Weights.Norm {
        (try floats(name + ".weight", [width]), try floats(name + ".bias", [width]))
    }

    func convolution(_ name: String, inputs: Int, stride: Int, on processor: Processor) throws(ModelFileError) -> Convolution1D {
        let width = configuration.width
        return Convolution1D(weights: try floats(name + ".weight", [width, inputs, 3]), bias: try floats(name + ".bias", [width]), outputs: width, taps: 3,
                             stride: stride, activation: .gelu, on: processor)
    }

    /// - Parameter outputs: nil: as many as there are.
    func linear(_ name: String, inputs: Int, outputs: Int? = nil, activation: Activation? = nil, on processor: Processor) throws(ModelFileError) -> Linear {
        let outputs = if let outputs { outputs } else { try self.outputs(of: name) }
        let (weights, bias) = try layer(name, outputs, inputs)
        return Linear(weights: weights, bias: bias, outputs: outputs, activation: activation, on: processor)
    }

    func block(_ name: String, epsilon: Float, on processor: Processor) throws(ModelFileError) -> TransformerBlock {
        let width = configuration.width, hidden = try outputs(of: name + ".fc1")
        let weights = TransformerBlock.Weights(
            attentionNorm: try norm(name + ".norm1", width), projections: try layer(name + ".qkv", 3 * width, width),
            attentionOutput: try layer(name + ".out", width, width), feedForwardNorm: try norm(name + ".norm2", width),
            up: try layer(name + ".fc1", hidden, width), down: try layer(name + ".fc2", width, hidden))
        return TransformerBlock(weights, heads: configuration.heads, activation: .gelu, epsilon: epsilon, on: processor)
    }

    private func layer(_ name: String, _ outputs: Int, _ inputs: Int) throws(ModelFileError) -> TransformerBlock.Weights.Layer {
        (try floats(name + ".weight", [outputs, inputs]), try floats(name + ".bias", [outputs]))
    }
}
