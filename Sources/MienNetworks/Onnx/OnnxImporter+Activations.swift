import InferenceCore

extension OnnxImporter {
    static let activations: [String: Handler] = [
        "Relu": { try $0.activation($1, .relu) },
        "LeakyRelu": { try $0.activation($1, .leakyRelu($1.float("alpha") ?? 0.01)) },
        "Sigmoid": { try $0.activation($1, .sigmoid) },
        "HardSwish": { try $0.activation($1, .hardSwish) },
        "Tanh": { try $0.activation($1, .tanh) },
        "Clip": { try $0.clip($1) },
        "HardSigmoid": { try $0.hardSigmoid($1) },
        "Gelu": { try $0.gelu($1) },
        "PRelu": { try $0.parametricRelu($1) },
        "Softmax": { try $0.softmax($1) },
    ]

    private mutating func activation(_ node: OnnxNode, _ activation: Activation) throws {
        let input = try value(node)
        try emit(.activation(activation), [input], for: node, form: input.form)
    }

    /// `max(0, min(1, alpha * x + beta))`.
    private mutating func hardSigmoid(_ node: OnnxNode) throws {
        let input = try value(node), alpha = try node.float("alpha") ?? 0.2, beta = try node.float("beta") ?? 0.5
        let line = try insert(.scaleShift(scale: .init(repeating: alpha, count: input.channels), shift: .init(repeating: beta, count: input.channels)),
                              [input], for: node, form: input.form)
        try emit(.activation(.clip(0, 1)), [line], for: node, form: input.form)
    }

    private mutating func gelu(_ node: OnnxNode) throws {
        switch try node.string("approximate") ?? "none" {
        case "none": try activation(node, .gelu)
        case "tanh": try activation(node, .geluTanh)
        case let other: throw node.error(.malformed, "approximation '\(other)' is unknown")
        }
    }

    private mutating func parametricRelu(_ node: OnnxNode) throws {
        let input = try value(node)
        try emit(.parametricRelu(slopes: perChannel(node, constant(node, 1), of: input)), [input], for: node, form: input.form)
    }

    private mutating func clip(_ node: OnnxNode) throws {
        func bound(_ index: Int, _ key: String) throws -> Float? {
            if opset < 11 {
                // Exporters write the largest float for "no bound".
                return try node.float(key).flatMap { abs($0) >= .greatestFiniteMagnitude ? nil : $0 }
            }
            guard let tensor = try optionalConstant(node, index) else { return nil }
            let values = try tensor.floats()
            guard values.count == 1 else { throw node.error(.malformed, "its bound '\(tensor.name)' has \(values.count) elements") }
            return abs(values[0]) >= .greatestFiniteMagnitude ? nil : values[0]
        }
        let lower = try bound(1, "min"), upper = try bound(2, "max")
        let input = try value(node)
        switch (lower, upper) {
        case (nil, nil): try define(node, .value(input))
        case (0, nil): try emit(.activation(.relu), [input], for: node, form: input.form)
        default:
            // ONNX applies the upper bound last, so that it wins when the two cross.
            let high = upper ?? .infinity
            try emit(.activation(.clip(min(lower ?? -.infinity, high), high)), [input], for: node, form: input.form)
        }
    }

    private mutating func softmax(_ node: OnnxNode) throws {
        let input = try value(node)
        let axis = try node.int("axis") ?? (opset < 13 ? 1 : -1)
        let counted = axis < 0 ? axis + input.rank : axis
        guard counted == input.channelAxis else {
            throw node.error("it runs along axis \(axis), only that of the channels (\(input.channelAxis)) is supported")
        }
        // Before version 13 the axes from `axis` on were flattened first; of maps these are height and width too.
        if opset < 13, case .map(_, let height, let width) = input.form, height != 1 || width != 1 {
            throw node.error("before version 13 it runs over height and width too, which is not supported")
        }
        try emit(.softmax, [input], for: node, form: input.form)
    }
}
