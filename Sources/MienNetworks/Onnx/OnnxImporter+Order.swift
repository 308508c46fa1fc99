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
        let order = try node.ints("perm")
        switch try operand(node, 0) {
        case .constant(let tensor):
            guard tensor.extents.count == 2, order ?? [1, 0] == [1, 0] else {
                throw node.error("a constant can only be transposed as a matrix")
            }
            try spend(tensor.count, for: node)
            let stored = try tensor.floats()
            let (rows, columns) = (tensor.extents[0], tensor.extents[1])
            let turned = (0..<columns).flatMap { column in (0..<rows).map { stored[$0 * columns + column] } }
            try define(node, .constant(OnnxTensor(floats: turned, extents: [columns, rows], name: tensor.name)))
        case .value(let input):
            let form: OnnxValue.Form
            switch (input.form, order) {
            case (_, (0..<input.rank).map { $0 }?): form = input.form
            case (.map(let channels, let height, let width), [0, 2, 3, 1]?): form = .channelsLast(channels: channels, height: height, width: width)
            case (.channelsLast(let channels, let height, let width), [0, 3, 1, 2]?): form = .map(channels: channels, height: height, width: width)
            default:
                throw node.error("transposing \(input.extents.shown) by \(order.map { "\($0)" } ?? "reversal") is not supported, "
                                 + "only between [n, c, h, w] and [n, h, w, c]")
            }
            try define(node, .value(OnnxValue(core: input.core, form: form)))
        case .extents: throw node.error("a shape cannot be transposed")
        }
    }

    private mutating func concatenate(_ node: OnnxNode) throws {
        guard !node.inputs.isEmpty else { throw node.error(.malformed, "it has no inputs") }
        guard let axis = try node.int("axis") else { throw node.error(.malformed, "attribute 'axis' is missing") }
        let operands = try node.inputs.indices.map { try operand(node, $0) }
        if let extents = try concatenatedExtents(node, operands, axis) { return try define(node, .extents(extents)) }
        let values = try node.inputs.indices.map { try value(node, $0) }
        let first = values[0]
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
