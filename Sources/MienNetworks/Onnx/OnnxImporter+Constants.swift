import InferenceCore

extension OnnxImporter {
    static let constants: [String: Handler] = [
        "Constant": { try $0.constant($1) },
        "Shape": { try $0.shape($1) },
        "Gather": { try $0.gather($1) },
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
        let start = try node.int("start") ?? 0, end = try node.int("end") ?? extents.count
        let from = min(max(start < 0 ? start + extents.count : start, 0), extents.count)
        let to = min(max(end < 0 ? end + extents.count : end, from), extents.count)
        try define(node, .extents(Array(extents[from..<to])))
    }

    private mutating func gather(_ node: OnnxNode) throws {
        guard case .extents(let extents) = try operand(node, 0), try node.int("axis") ?? 0 == 0 else {
            throw node.error("only extents of a shape can be gathered")
        }
        let indices = try constant(node, 1).integers().map { $0 < 0 ? $0 + extents.count : $0 }
        guard indices.allSatisfy(extents.indices.contains) else { throw node.error(.malformed, "an index is outside the shape") }
        try define(node, .extents(indices.map { extents[$0] }))
    }

    private mutating func cast(_ node: OnnxNode) throws {
        guard let type = try node.int("to") else { throw node.error(.malformed, "attribute 'to' is missing") }
        node.ignore("saturate", "round_mode") // of 8-bit floats
        switch try operand(node, 0) {
        case .extents(let extents): try define(node, .extents(extents))
        case .constant(let tensor) where type == 1: // to f32, as models with f16 weights have it
            try spend(tensor.count, for: node)
            try define(node, .constant(OnnxTensor(floats: tensor.floats(), extents: tensor.extents, name: tensor.name)))
        case .constant, .value: throw node.error("only shapes, and constants to f32, can be cast")
        }
    }
}
