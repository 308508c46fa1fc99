import InferenceCore

extension OnnxImporter {
    static let dense: [String: Handler] = [
        "Gemm": { try $0.gemm($1) },
        "MatMul": { try $0.matrixProduct($1) },
    ]

    private mutating func gemm(_ node: OnnxNode) throws {
        let input = try value(node), features: Int, order: OnnxValue.Order?
        switch input.form {
        case .row(let count, let given): (features, order) = (count, given)
        case .array(let extents) where extents.count == 2 && extents[0].isBatch: (features, order) = (input.channels, nil)
        default: throw node.error(.mismatch, "its first input is not [n, features]")
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
        try emit(.linear(weights: scaled, bias: bias, outputs: outputs), [input], for: node, form: OnnxValue.Form([input.extents[0], .known(outputs)]))
    }

    private mutating func matrixProduct(_ node: OnnxNode) throws {
        let input = try value(node)
        if case .value(let other) = try operand(node, 1) { return try matrixProduct(node, input, other) }
        let tensor = try constant(node, 1)
        switch input.form {
        case .row(let features, let order):
            let (weights, outputs) = try rows(node, tensor, features: features, outputsFirst: false, order: order)
            try emit(.linear(weights: weights, bias: nil, outputs: outputs), [input], for: node, form: .row(features: outputs, order: nil))
        case .channelsLast(let channels, let height, let width): // every pixel is a row
            let (weights, outputs) = try rows(node, tensor, features: channels, outputsFirst: false, order: nil)
            try emit(.linear(weights: weights, bias: nil, outputs: outputs), [input], for: node,
                     form: .channelsLast(channels: outputs, height: height, width: width))
        case .array, .map, .pooled:
            let source = try array(input, for: node)
            guard case .known(let features)? = source.extents.last else { throw node.error("the last axis of \(source.extents.shown) is not known") }
            let (weights, outputs) = try rows(node, tensor, features: features, outputsFirst: false, order: nil)
            try emitArray(.linear(weights: weights, bias: nil, outputs: outputs), [source], for: node, source.extents.dropLast() + [.known(outputs)])
        }
    }

    private mutating func matrixProduct(_ node: OnnxNode, _ first: OnnxValue, _ second: OnnxValue) throws {
        let a = try array(first, for: node), b = try array(second, for: node), rank = a.rank
        guard rank >= 2, b.rank == rank, a.extents.dropLast(2) == b.extents.dropLast(2), a.extents[rank - 1] == b.extents[rank - 2],
              !a.extents[rank - 1].isBatch else {
            throw node.error("the product of \(a.extents.shown) and \(b.extents.shown) is not supported")
        }
        try emitArray(.matrixProduct, [a, b], for: node, a.extents.dropLast() + [b.extents[rank - 1]])
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
