import InferenceCore

extension OnnxImporter {
    static let arithmetic: [String: Handler] = [
        "Add": { try $0.combine($1, .add) },
        "Sub": { try $0.combine($1, .subtract) },
        "Mul": { try $0.multiply($1) },
        "Div": { try $0.combine($1, .divide) },
        "BatchNormalization": { try $0.batchNormalization($1) },
    ]

    private enum Sign { case add, subtract, multiply, divide }

    private mutating func multiply(_ node: OnnxNode) throws {
        guard let gate = gates[node.outputs.first ?? ""] else { return try combine(node, .multiply) }
        let input = try value(node, node.inputs[0] == gate.input ? 0 : 1)
        try emit(.activation(gate.activation), [input], for: node, form: input.form)
    }

    private mutating func combine(_ node: OnnxNode, _ sign: Sign) throws {
        switch (try operand(node, 0), try operand(node, 1)) {
        case (.value(let left), .value(let right)):
            guard left.matches(right) else {
                throw node.error("inputs \(left.extents.shown) and \(right.extents.shown) differ in shape; "
                                 + "broadcasting is only supported for constants")
            }
            switch sign {
            case .add: try emit(.add, [left, right], for: node, form: left.form)
            case .multiply: try emit(.multiply, [left, right], for: node, form: left.form)
            case .subtract:
                let ones = [Float](repeating: -1, count: right.channels), zeros = [Float](repeating: 0, count: right.channels)
                let negative = graph.add(.scaleShift(scale: ones, shift: zeros), right.core, name: node.name + " (negated)")
                try emit(.add, [left, OnnxValue(core: negative, form: right.form)], for: node, form: left.form)
            case .divide: throw node.error("dividing by a value is not supported, only by a constant")
            }
        case (.value(let value), .constant(let tensor)):
            let factors = try perChannel(node, tensor, of: value)
            switch sign {
            case .add: try scaleShift(node, value, scale: nil, shift: factors)
            case .subtract: try scaleShift(node, value, scale: nil, shift: factors.map { -$0 })
            case .multiply: try scaleShift(node, value, scale: factors, shift: nil)
            case .divide: try scaleShift(node, value, scale: factors.map { 1 / $0 }, shift: nil)
            }
        case (.constant(let tensor), .value(let value)):
            let factors = try perChannel(node, tensor, of: value)
            switch sign {
            case .add: try scaleShift(node, value, scale: nil, shift: factors)
            case .subtract: try scaleShift(node, value, scale: factors.map { _ in -1 }, shift: factors)
            case .multiply: try scaleShift(node, value, scale: factors, shift: nil)
            case .divide: throw node.error("dividing by a value is not supported, only by a constant")
            }
        default: throw node.error("arithmetic on constants is not supported")
        }
    }

    private mutating func scaleShift(_ node: OnnxNode, _ value: OnnxValue, scale: [Float]?, shift: [Float]?) throws {
        let scale = scale ?? [Float](repeating: 1, count: value.channels)
        let shift = shift ?? [Float](repeating: 0, count: value.channels)
        guard scale.allSatisfy(\.isFinite), shift.allSatisfy(\.isFinite) else {
            throw node.error(.malformed, "its constants are not finite")
        }
        try emit(.scaleShift(scale: scale, shift: shift), [value], for: node, form: value.form)
    }

    /// A constant that is broadcast to `value`, as one number per channel in the core's order.
    private func perChannel(_ node: OnnxNode, _ tensor: OnnxTensor, of value: OnnxValue) throws -> [Float] {
        let numbers = try tensor.floats()
        // A constant of more axes than the value would add axes to the result.
        guard tensor.extents.count <= value.rank else {
            throw node.error("constant \(Shape(tensor.extents)) has more axes than the value")
        }
        if numbers.count == 1 { return [Float](repeating: numbers[0], count: value.channels) }
        // Broadcasting aligns the last axes; all but that of the channels have to be 1.
        let axis = value.channelAxis - (value.rank - tensor.extents.count)
        guard axis >= 0, numbers.count == value.channels, tensor.extents[axis] == value.channels else {
            throw node.error("constant \(Shape(tensor.extents)) is not one number per channel of \(value.extents.shown)")
        }
        return inCoreOrder(numbers, value)
    }

    /// One number per channel, from the file's order into the core's.
    private func inCoreOrder(_ numbers: [Float], _ value: OnnxValue) -> [Float] {
        if case .row(_, let order?) = value.form { order.arranged(numbers) } else { numbers }
    }

    private mutating func batchNormalization(_ node: OnnxNode) throws {
        let input = try value(node)
        if case .channelsLast = input.form { throw node.error(.mismatch, "its input is not [n, c, h, w]") }
        try node.require("training_mode", 0, "it is in training mode")
        try node.require("spatial", 1, "statistics per pixel are not supported")
        node.ignore("momentum")
        let channels = input.channels
        let epsilon = Double(try node.float("epsilon") ?? 1e-5)
        let gamma = try weights(node, 1, extents: [channels]), beta = try weights(node, 2, extents: [channels])
        let mean = try weights(node, 3, extents: [channels]), variance = try weights(node, 4, extents: [channels])
        guard variance.allSatisfy({ Double($0) + epsilon > 0 }) else { throw node.error(.malformed, "a variance is not positive") }
        // In f64, so that folding adds no error of its own.
        let scale = (0..<channels).map { Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
        let shift = (0..<channels).map { Double(beta[$0]) - Double(mean[$0]) * scale[$0] }
        try scaleShift(node, input, scale: inCoreOrder(scale.map(Float.init), input), shift: inCoreOrder(shift.map(Float.init), input))
    }
}
