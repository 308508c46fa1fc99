import InferenceCore

extension OnnxImporter {
    static let constants: [String: Handler] = [
        "Constant": { try $0.constant($1) },
        "Shape": { try $0.shape($1) },
        "Cast": { try $0.cast($1) },
        "Equal": { try $0.equal($1) },
        "Where": { try $0.choose($1) },
        "Expand": { try $0.expand($1) },
    ]

    private mutating func constant(_ node: OnnxNode) throws {
        let name = node.outputs.first ?? node.name
        let tensor: OnnxTensor
        if let stored = try node.tensor("value") {
            tensor = stored
        } else if let number = try node.float("value_float") {
            tensor = OnnxTensor(floats: [number], extents: [], name: name)
        } else if let numbers = try node.floats("value_floats") {
            tensor = OnnxTensor(floats: numbers, extents: [numbers.count], name: name)
        } else if let number = try node.int("value_int") {
            tensor = OnnxTensor(integers: [number], extents: [], name: name)
        } else if let numbers = try node.ints("value_ints") {
            tensor = OnnxTensor(integers: numbers, extents: [numbers.count], name: name)
        } else {
            throw node.error("it holds neither numbers nor a tensor of numbers")
        }
        try define(node, .constant(tensor))
    }

    // Exporters compute the target of a Reshape from the shape of a value: Shape, Gather, Unsqueeze, Concat.

    private mutating func shape(_ node: OnnxNode) throws {
        if case .extents(let extents) = try operand(node, 0) { // of a shape, itself a list
            return try define(node, extents: [.known(extents.count)], isScalar: false)
        }
        let extents = try value(node).extents
        let range = Self.range(try node.int("start") ?? 0, try node.int("end") ?? extents.count, of: extents.count)
        try define(node, extents: Array(extents[range]), isScalar: false)
    }

    private mutating func cast(_ node: OnnxNode) throws {
        guard case .extents(let extents) = try operand(node, 0), let type = try node.int("to"), type == 6 || type == 7 else {
            throw node.error("only constants, and shapes to whole numbers, can be cast")
        }
        try define(node, .extents(extents))
    }

    // PyTorch writes an expansion whose target has -1 for "as it is" as ones where the target equals -1, and the target elsewhere.

    private mutating func equal(_ node: OnnxNode) throws {
        let (left, right) = (try extents(node, 0), try extents(node, 1))
        guard left.count == right.count else { throw node.error("only shapes of as many axes can be compared") }
        let truths = try zip(left, right).map { a, b -> Int in
            guard a != .unknown, b != .unknown else { throw node.error("a shape that is not known cannot be compared") }
            return a == b ? 1 : 0
        }
        try define(node, .constant(OnnxTensor(integers: truths, extents: [truths.count], name: node.outputs.first ?? node.name)))
    }

    private mutating func choose(_ node: OnnxNode) throws {
        let truths = try constant(node, 0), (yes, no) = (try extents(node, 1), try extents(node, 2))
        guard truths.isInteger, truths.count == yes.count, yes.count == no.count else { throw node.error("only between two shapes can be chosen") }
        try define(node, extents: zip(try truths.integers(), zip(yes, no)).map { $0 == 1 ? $1.0 : $1.1 }, isScalar: false)
    }

    private func extents(_ node: OnnxNode, _ index: Int) throws -> [OnnxExtent] {
        switch try operand(node, index) {
        case .extents(let extents): return extents
        case .constant(let tensor) where tensor.isInteger && tensor.count <= 16: return try tensor.integers().map { .known($0) }
        default: throw node.error("only shapes are supported")
        }
    }

    private mutating func expand(_ node: OnnxNode) throws {
        let target = try extents(node, 1)
        if case .value(let input) = try operand(node, 0) {
            guard zip(input.extents.reversed(), target.reversed()).allSatisfy({ $0 == $1 || $1 == .known(1) }), target.count <= input.rank else {
                throw node.error("expanding \(input.extents.shown) to \(target.shown) is not supported")
            }
            return try define(node, .value(input))
        }
        let tensor = try constant(node, 0)
        // An extent of 1 leaves that of the constant.
        let rest = zip(tensor.extents, target).dropFirst().allSatisfy { $1 == .known($0) || $1 == .known(1) }
        guard tensor.extents.count == target.count, tensor.extents.first == 1, rest, target[0] == .batch || target[0] == .known(1) else {
            throw node.error("expanding a constant \(Shape(tensor.extents)) to \(target.shown) is not supported")
        }
        try define(node, target[0] == .batch ? .repeated(tensor) : .constant(tensor))
    }
}
