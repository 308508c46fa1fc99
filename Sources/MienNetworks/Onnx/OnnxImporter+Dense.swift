import InferenceCore

extension OnnxImporter {
    static let dense: [String: Handler] = [
        "Gemm": { try $0.gemm($1) },
        "MatMul": { try $0.matrixProduct($1) },
    ]

    private mutating func gemm(_ node: OnnxNode) throws {
        let input = try value(node)
        guard case .row(let features, let order) = input.form else {
            throw node.error(.mismatch, "its first input is not [n, features]")
        }
        let tensor = try constant(node, 1)
        try node.require("transA", 0, "a transposed first input is not supported")
        let transposed = try node.int("transB", default: 0, in: 0...1) == 1
        let alpha = try node.float("alpha") ?? 1, beta = try node.float("beta") ?? 1
        let (weights, outputs) = try rows(node, tensor, features: features, outputsFirst: transposed, order: order)
        var bias: [Float]?
        if let constant = try optionalConstant(node, 2) {
            let numbers = try constant.floats()
            guard constant.extents.dropLast().allSatisfy({ $0 == 1 }), numbers.count == outputs || numbers.count == 1 else {
                throw node.error("bias \(Shape(constant.extents)) is not one number per output")
            }
            bias = (numbers.count == outputs ? numbers : [Float](repeating: numbers[0], count: outputs)).map { $0 * beta }
        }
        let scaled = alpha == 1 ? weights : weights.map { $0 * alpha }
        try emit(.linear(weights: scaled, bias: bias, outputs: outputs), [input], for: node, form: .row(features: outputs, order: nil))
    }

    private mutating func matrixProduct(_ node: OnnxNode) throws {
        let input = try value(node)
        let tensor = try constant(node, 1)
        switch input.form {
        case .row(let features, let order):
            let (weights, outputs) = try rows(node, tensor, features: features, outputsFirst: false, order: order)
            try emit(.linear(weights: weights, bias: nil, outputs: outputs), [input], for: node, form: .row(features: outputs, order: nil))
        case .channelsLast(let channels, let height, let width): // every pixel is a row
            let (weights, outputs) = try rows(node, tensor, features: channels, outputsFirst: false, order: nil)
            try emit(.linear(weights: weights, bias: nil, outputs: outputs), [input], for: node,
                     form: .channelsLast(channels: outputs, height: height, width: width))
        case .map, .pooled: throw node.error("only the product of [n, features] with a constant is supported")
        }
    }

    /// The weights as `[outputs, features]`, with the features in the core's order.
    private func rows(
        _ node: OnnxNode, _ tensor: OnnxTensor, features: Int, outputsFirst: Bool, order: OnnxValue.Order?
    ) throws -> (weights: [Float], outputs: Int) {
        guard tensor.extents.count == 2, tensor.extents[outputsFirst ? 1 : 0] == features, tensor.count > 0 else {
            throw node.error(.mismatch, "weights '\(tensor.name)' \(Shape(tensor.extents)) do not fit \(features) features")
        }
        let outputs = tensor.extents[outputsFirst ? 0 : 1]
        let stored = try tensor.floats()
        // Where the file keeps feature i of the core.
        let source = order?.arranged(Array(0..<features)) ?? Array(0..<features)
        if outputsFirst && order == nil { return (stored, outputs) }
        let weights = [Float](unsafeUninitializedCapacity: stored.count) { buffer, used in
            for output in 0..<outputs {
                for (feature, from) in source.enumerated() {
                    let place = outputsFirst ? output * features + from : from * outputs + output
                    buffer.initializeElement(at: output * features + feature, to: stored[place])
                }
            }
            used = stored.count
        }
        return (weights, outputs)
    }
}
