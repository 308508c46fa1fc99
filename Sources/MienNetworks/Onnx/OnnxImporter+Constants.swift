import InferenceCore

extension OnnxImporter {
    static let constants: [String: Handler] = [
        "Constant": { try $0.constant($1) },
        "Shape": { try $0.shape($1) },
        "Cast": { try $0.cast($1) },
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
}
