import InferenceCore

extension OnnxImporter {
    static let order: [String: Handler] = [
        "Transpose": { try $0.transpose($1) },
        "Concat": { try $0.concatenate($1) },
        "Identity": { try $0.pass($1) },
        "Dropout": { try $0.dropout($1) },
    ]

    private mutating func pass(_ node: OnnxNode) throws {
        try define(node, operand(node, 0))
    }

    private mutating func dropout(_ node: OnnxNode) throws {
        node.ignore("ratio", "seed")
        if let mode = try optionalConstant(node, 2), try mode.truths().contains(true) {
            throw node.error("it is in training mode")
        }
        try define(node, .value(value(node)))
    }

    private mutating func transpose(_ node: OnnxNode) throws {
        let input = try value(node)
        let order = try node.ints("perm") ?? Array((0..<input.rank).reversed())
        guard order.sorted() == Array(0..<input.rank) else { throw node.error(.malformed, "attribute 'perm' is \(order)") }
        let form: OnnxValue.Form
        switch (input.form, order) {
        case (_, Array(0..<input.rank)): form = input.form
        case (.map(let channels, let height, let width), [0, 2, 3, 1]): form = .channelsLast(channels: channels, height: height, width: width)
        case (.channelsLast(let channels, let height, let width), [0, 3, 1, 2]): form = .map(channels: channels, height: height, width: width)
        default:
            let source = try array(input, for: node)
            return try emitArray(.permute(axes: order), [source], for: node, order.map { source.extents[$0] })
        }
        try define(node, .value(OnnxValue(core: input.core, form: form)))
    }

    private mutating func concatenate(_ node: OnnxNode) throws {
        guard !node.inputs.isEmpty else { throw node.error(.malformed, "it has no inputs") }
        guard let axis = try node.int("axis") else { throw node.error(.malformed, "attribute 'axis' is missing") }
        let operands = try node.inputs.indices.map { try operand(node, $0) }
        if let extents = try concatenatedExtents(node, operands, axis) { return try define(node, .extents(extents)) }
        let given = try repeatedConstants(node, operands)
        // Among maps, arrays of a map's extents are maps too.
        let values = given.contains(where: \.isMap) ? try given.map { try map($0, for: node) } : given
        let first = values[0]
        if case .array = first.form { return try concatenate(node, values, axis: self.axis(node, axis, of: first)) }
        guard (axis < 0 ? axis + first.rank : axis) == first.channelAxis else {
            throw node.error("it runs along axis \(axis), only that of the channels (\(first.channelAxis)) is supported")
        }
        let channels = values.map(\.channels).reduce(0, +)
        let form = try values.dropFirst().reduce(first.form) { joined, value in
            switch (joined, value.form) {
            case (.map(_, let h, let w), .map(_, let h2, let w2)) where h ?? h2 == h2 ?? h && w ?? w2 == w2 ?? w:
                .map(channels: channels, height: h ?? h2, width: w ?? w2)
            case (.channelsLast(_, let h, let w), .channelsLast(_, let h2, let w2)) where h ?? h2 == h2 ?? h && w ?? w2 == w2 ?? w:
                .channelsLast(channels: channels, height: h ?? h2, width: w ?? w2)
            case (.pooled, .pooled): .pooled(channels: channels)
            case (.row(_, nil), .row(_, nil)): .row(features: channels, order: nil)
            default: throw node.error(.mismatch, "inputs \(first.extents.shown) and \(value.extents.shown) do not fit together")
            }
        }
        if values.count == 1 { return try define(node, .value(first)) }
        try emit(.concatenate, values, for: node, form: form)
    }

    /// The values that are joined, with those made that are the same for each example: of a file for one example any constant `[1, ...]`.
    private mutating func repeatedConstants(_ node: OnnxNode, _ operands: [OnnxOperand]) throws -> [OnnxValue] {
        let values = operands.compactMap { if case .value(let value) = $0 { value } else { nil } }
        guard let first = values.first(where: { $0.extents.first == .batch }) else { return try node.inputs.indices.map { try value(node, $0) } }
        return try operands.indices.map { index in
            let tensor: OnnxTensor
            switch operands[index] {
            case .repeated(let constant): tensor = constant
            case .constant(let constant) where constant.extents.count == first.rank && constant.extents[0] == 1 && constant.count > 0: tensor = constant
            default: return try value(node, index)
            }
            let extents = Array(tensor.extents.dropFirst())
            return try insert(.repeated(tensor.floats(), extents: extents), [first], for: node, form: OnnxValue.Form([.batch] + extents.map { .known($0) }))
        }
    }

    /// Arrays along any axis of known extents: with the axes from it on as one, that is the last one.
    private mutating func concatenate(_ node: OnnxNode, _ values: [OnnxValue], axis: Int) throws {
        var extents = values[0].extents, joined = 0
        let columns = try values.map { value in
            guard value.rank == extents.count, case .known(let extent) = value.extents[axis], value.extents[..<axis] == extents[..<axis],
                  value.extents[(axis + 1)...] == extents[(axis + 1)...], !extents[(axis + 1)...].contains(where: \.isBatch) else {
                throw node.error(.mismatch, "inputs \(extents.shown) and \(value.extents.shown) do not fit together along axis \(axis)")
            }
            joined += extent
            return try insert(.reshape([nil, value.extents[axis...].map(\.factor).reduce(1, *)]), [array(value, for: node)], for: node,
                              form: .array(value.extents))
        }
        extents[axis] = .known(joined)
        let rows = try insert(.concatenate, columns, for: node, form: .array(extents))
        try emitArray(.reshape(extents.core), [rows], for: node, extents)
    }

    /// The joined list if all operands are extents or whole numbers, as exporters build shapes.
    private func concatenatedExtents(_ node: OnnxNode, _ operands: [OnnxOperand], _ axis: Int) throws -> [OnnxExtent]? {
        var extents: [OnnxExtent] = []
        for operand in operands {
            switch operand {
            case .extents(let list): extents += list
            case .constant(let tensor) where tensor.isInteger && tensor.extents.count == 1:
                extents += try tensor.integers().map { .known($0) }
            default: return nil
            }
            guard extents.count <= 16 else { throw node.error(.malformed, "a shape has too many axes") }
        }
        guard axis == 0 || axis == -1 else { throw node.error(.malformed, "a shape has one axis only") }
        return extents
    }
}
