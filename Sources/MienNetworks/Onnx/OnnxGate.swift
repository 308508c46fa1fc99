import InferenceCore

/// A product x * f(x) that exporters write as two operators and the core has as one activation.
struct OnnxGate {
    /// Name of f(x), which nothing else reads.
    let factor: String
    /// Name of x.
    let input: String
    let activation: Activation

    /// Finds the products among `nodes`, by the name of their output.
    static func find(in nodes: [OnnxNode], outputs: [String]) throws(ModelFileError) -> [String: OnnxGate] {
        var readers: [String: Int] = [:]
        for name in outputs { readers[name, default: 0] += 1 }
        var makers: [String: OnnxNode] = [:]
        for node in nodes {
            for name in node.inputs { readers[name, default: 0] += 1 }
            if let output = node.outputs.first { makers[output] = node }
        }
        var found: [String: OnnxGate] = [:]
        for product in nodes where product.operation == "Mul" && product.inputs.count == 2 {
            guard let output = product.outputs.first else { continue }
            for (x, factor) in [(product.inputs[0], product.inputs[1]), (product.inputs[1], product.inputs[0])] {
                guard let maker = makers[factor], maker.inputs.first == x, readers[factor] == 1 else { continue }
                guard let activation = try activation(maker) else { continue }
                found[output] = OnnxGate(factor: factor, input: x, activation: activation)
                break
            }
        }
        return found
    }

    private static func activation(_ maker: OnnxNode) throws(ModelFileError) -> Activation? {
        switch maker.operation {
        case "Sigmoid": return .silu
        case "HardSigmoid":
            guard try abs((maker.float("alpha") ?? 0.2) - 1.0 / 6) < 1e-6, try maker.float("beta") ?? 0.5 == 0.5 else { return nil }
            return .hardSwish
        default: return nil
        }
    }
}
