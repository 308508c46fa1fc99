import InferenceCore

extension OnnxImporter {
    static let arithmetic: [String: Handler] = [
        "Add": { try $0.combine($1, .add) },
        "Sub": { try $0.combine($1, .subtract) },
        "Mul": { try $0.multiply($1) },
        "Div": { try $0.divide($1) },
        "BatchNormalization": { try $0.batchNormalization($1) },
        "LayerNormalization": { try $0.layerNormalization($1) },
    ]

    private enum Sign { case add, subtract, multiply, divide }

    private mutating func multiply(_ node: OnnxNode) throws {
        guard let gate = gates[node.outputs.first ?? ""] else { return try combine(node, .multiply) }
        for (name, number) in gate.assumed {
            guard case .constant(let tensor)? = named(name), tensor.count == 1, try abs(tensor.floats()[0] - number) < 1e-3 else {
                throw node.error("only x / 2 * (1 + erf(x / sqrt 2)) is supported of the error function")
            }
        }
        guard case .value(let input)? = named(gate.input) else { throw node.error("'\(gate.input)' is a constant, expected a value") }
        try emit(.activation(gate.activation), [input], for: node, form: input.form)
    }

    private mutating func divide(_ node: OnnxNode) throws {
        guard let normalization = normalizations[node.outputs.first ?? ""] else { return try combine(node, .divide) }
        guard case .value(let value)? = named(normalization.input) else { throw node.error("'\(normalization.input)' is a constant, expected a value") }
        for mean in normalization.means {
            let listed = try mean.ints("axes")
            let axes = try opset >= 18 ? optionalConstant(mean, 1)?.integers() : listed
            guard try mean.int("keepdims") ?? 1 == 1, axes == [-1] || axes == [value.rank - 1] else {
                throw mean.error("a normalisation is only supported over the last axis")
            }
        }
        let epsilon = try number(normalization.epsilon, node)
        guard try normalization.exponent.map({ try number($0, node) }) ?? 2 == 2, epsilon >= 0 else {
            throw node.error("only a division by the standard deviation is supported")
        }
        try normalize(node, value, scale: nil, shift: nil, epsilon: epsilon)
    }

    private func number(_ name: String, _ node: OnnxNode) throws -> Float {
        guard case .constant(let tensor)? = named(name), tensor.count == 1 else { throw node.error("'\(name)' is not a single constant") }
        return try tensor.floats()[0]
    }

    private mutating func combine(_ node: OnnxNode, _ sign: Sign) throws {
        switch (try operand(node, 0), try operand(node, 1)) {
        case (.value(let left), .value(let right)): try combine(node, sign, left, right)
        case (.extents(let extents), .constant(let tensor)) where sign == .multiply || sign == .divide:
            try scaleExtents(node, extents, tensor, divides: sign == .divide)
        case (.constant(let tensor), .extents(let extents)) where sign == .multiply:
            try scaleExtents(node, extents, tensor, divides: false)
        case (.value(let value), .constant(let tensor)) where sign == .add && isOfOneExample(tensor, value):
            try addArray(node, value, tensor)
        case (.constant(let tensor), .value(let value)) where sign == .add && isOfOneExample(tensor, value):
            try addArray(node, value, tensor)
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
        case (.repeated, _), (_, .repeated): throw node.error("arithmetic on an expanded constant is not supported")
        default: throw node.error("this arithmetic on a shape or on a padded map is not supported")
        }
    }

    /// Whether a constant has a number for each of an array's elements of one example, as position embeddings do.
    private func isOfOneExample(_ tensor: OnnxTensor, _ value: OnnxValue) -> Bool {
        guard case .array(let extents) = value.form, extents.count > 2, extents[0] == .batch, tensor.count == extents.elements else { return false }
        let inner = extents.dropFirst().map(\.factor)
        return tensor.extents == inner || tensor.extents == [1] + inner
    }

    private mutating func addArray(_ node: OnnxNode, _ value: OnnxValue, _ tensor: OnnxTensor) throws {
        let shift = try tensor.floats(), ones = [Float](repeating: 1, count: shift.count)
        let row = try insert(.reshape([nil, shift.count]), [value], for: node, form: value.form)
        let sum = try insert(.scaleShift(scale: ones, shift: shift), [row], for: node, form: value.form)
        try reshapeArray(sum, to: value.extents, for: node)
    }

    /// The number of examples times a constant, or divided by one that it stays whole by.
    private mutating func scaleExtents(_ node: OnnxNode, _ extents: [OnnxExtent], _ tensor: OnnxTensor, divides: Bool) throws {
        guard extents.count == 1, case .batches(let count) = extents[0], tensor.count == 1, case let factor = try tensor.integers()[0], factor > 0,
              divides ? count % factor == 0 : factor <= Self.extentLimit && count <= Self.extentLimit else {
            throw node.error("this arithmetic on the shape \(extents.shown) is not supported")
        }
        try define(node, extents: [.batches(divides ? count / factor : count * factor)], isScalar: tensor.extents.isEmpty)
    }

    private mutating func combine(_ node: OnnxNode, _ sign: Sign, _ left: OnnxValue, _ right: OnnxValue) throws {
        var (left, right) = (left, right)
        if left.form != right.form { (left, right) = (try map(left, for: node), try map(right, for: node)) }
        if sign == .multiply, let (map, factors) = channelFactors(left, right) {
            return try emit(.scaleChannels, [map, factors], for: node, form: map.form)
        }
        guard left.matches(right) else {
            throw node.error("inputs \(left.extents.shown) and \(right.extents.shown) differ in shape; broadcasting is only supported for constants, "
                             + "and for [n, c, h, w] times [n, c, 1, 1]")
        }
        switch sign {
        case .add: try emit(.add, [left, right], for: node, form: left.form)
        case .multiply: try emit(.multiply, [left, right], for: node, form: left.form)
        case .subtract:
            let ones = [Float](repeating: -1, count: right.channels), zeros = [Float](repeating: 0, count: right.channels)
            let negative = try insert(.scaleShift(scale: ones, shift: zeros), [right], for: node, form: right.form)
            try emit(.add, [left, negative], for: node, form: left.form)
        case .divide: throw node.error("dividing by a value is not supported, only by a constant")
        }
    }

    /// A map and one factor for each of its channels, if that is what the two are.
    private func channelFactors(_ a: OnnxValue, _ b: OnnxValue) -> (OnnxValue, OnnxValue)? {
        switch (a.form, b.form) {
        case (.map(let channels, _, _), .pooled(let count)) where channels == count: (a, b)
        case (.pooled(let count), .map(let channels, _, _)) where channels == count: (b, a)
        default: nil
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
    func perChannel(_ node: OnnxNode, _ tensor: OnnxTensor, of value: OnnxValue) throws -> [Float] {
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

    /// Over the last axis, which the core has last too in these forms.
    private mutating func normalize(_ node: OnnxNode, _ input: OnnxValue, scale: [Float]?, shift: [Float]?, epsilon: Float) throws {
        switch input.form {
        case .array, .channelsLast, .row(_, nil): break
        case .map, .pooled, .row: return try normalize(node, array(input, for: node), scale: scale, shift: shift, epsilon: epsilon)
        }
        let ones = [Float](repeating: 1, count: input.channels), zeros = [Float](repeating: 0, count: input.channels)
        try emit(.layerNormalization(scale: scale ?? ones, shift: shift ?? zeros, epsilon: epsilon), [input], for: node, form: input.form)
    }

    private mutating func layerNormalization(_ node: OnnxNode) throws {
        let input = try value(node), axis = try node.int("axis") ?? -1
        node.ignore("stash_type") // the type that is computed in
        guard axis == -1 || axis == input.rank - 1 else { throw node.error("axis \(axis) is not supported, only the last") }
        guard case .known(let width)? = input.extents.last else { throw node.error("its last axis is not known") }
        let shift = node.input(2) == nil ? nil : try weights(node, 2, extents: [width])
        try normalize(node, input, scale: weights(node, 1, extents: [width]), shift: shift, epsilon: node.float("epsilon") ?? 1e-5)
    }

    private mutating func batchNormalization(_ node: OnnxNode) throws {
        let input = try map(value(node), for: node)
        switch input.form {
        case .channelsLast, .array: throw node.error(.mismatch, "its input \(input.extents.shown) is not [n, c, h, w] or [n, c]")
        case .map, .pooled, .row: break
        }
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
