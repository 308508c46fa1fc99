import InferenceCore

extension OnnxImporter {
    static let rows: [String: Handler] = [
        "Flatten": { try $0.flatten($1) },
        "Reshape": { try $0.reshape($1) },
        "Squeeze": { try $0.squeeze($1) },
        "Unsqueeze": { try $0.unsqueeze($1) },
    ]

    // MARK: To rows

    private mutating func flatten(_ node: OnnxNode) throws {
        let input = try value(node)
        let axis = try node.int("axis") ?? 1
        guard axis == 1 || axis == 1 - input.rank else { throw node.error("axis \(axis) is not supported, only 1") }
        try toRow(node, input)
    }

    private mutating func toRow(_ node: OnnxNode, _ input: OnnxValue) throws {
        switch input.form {
        case .row: try define(node, .value(input))
        case .pooled(let channels): try define(node, .value(OnnxValue(core: input.core, form: .row(features: channels, order: nil))))
        case .map(let channels, let height?, let width?):
            let order = height == 1 && width == 1 ? nil : OnnxValue.Order(channels: channels, height: height, width: width)
            try emit(.flatten, [input], for: node, form: .row(features: try countedFeatures(node, input), order: order))
        case .channelsLast: // already in the core's order
            try emit(.flatten, [input], for: node, form: .row(features: try countedFeatures(node, input), order: nil))
        case .array: try reshapeArray(input, to: [.batch, .known(try countedFeatures(node, input))], for: node)
        case .map: _ = try countedFeatures(node, input)
        }
    }

    private func countedFeatures(_ node: OnnxNode, _ input: OnnxValue) throws -> Int {
        guard let count = input.features else {
            throw node.error("the features of its input \(input.extents.shown) cannot be counted: the file has to declare height and width")
        }
        return count
    }

    private mutating func reshape(_ node: OnnxNode) throws {
        let wanted = try targetExtents(node)
        if try node.int("allowzero") == 1, wanted.contains(.known(0)) { throw node.error("an extent of 0 is not supported") }
        if case .extents(let extents) = try operand(node, 0), wanted == [.known(-1)] || wanted == [.known(extents.count)] { // a list as it was
            return try define(node, .extents(extents))
        }
        let input = try value(node)
        if let extents = input.extents.reshaped(wanted) {
            if extents.count == 2, extents[0] == .batch { return try toRow(node, input) }
            if extents.count == 4, extents[0] == .batch, extents[2] == .known(1), extents[3] == .known(1) {
                switch input.form {
                case .row(let features, nil), .pooled(let features):
                    return try define(node, .value(OnnxValue(core: input.core, form: .pooled(channels: features))))
                default: break
                }
            }
            return try reshapeArray(input, to: extents, for: node)
        }
        // Of a map whose height and width are open at least the features are what is left over.
        guard wanted.count == 2, wanted[0] == .batch || wanted[0] == .known(0) || wanted[0] == .known(1), wanted[1] == .known(-1),
              input.features == nil else {
            throw node.error("a reshape of \(input.extents.shown) to \(wanted.shown) is not supported")
        }
        try toRow(node, input)
    }

    private func targetExtents(_ node: OnnxNode) throws -> [OnnxExtent] {
        guard node.input(1) != nil else { throw node.error(.malformed, "it has no shape") }
        switch try operand(node, 1) {
        case .constant(let tensor): return try tensor.integers().map { .known($0) }
        case .extents(let extents): return extents
        case .value, .padded, .repeated: throw node.error("its shape is not a constant")
        }
    }

    // MARK: Axes of extent 1

    private func axes(_ node: OnnxNode, rank: Int) throws -> [Int]? {
        let listed = try node.ints("axes")
        let axes = try opset >= 13 ? optionalConstant(node, 1)?.integers() : listed
        return axes?.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    }

    private mutating func squeeze(_ node: OnnxNode) throws {
        if case .extents(let extents) = try operand(node, 0) { // a single extent, from a list back to a number
            guard extents.count == 1, try axes(node, rank: 1) ?? [0] == [0] else {
                throw node.error(.malformed, "its axes do not fit a shape")
            }
            return try define(node, .extents(extents))
        }
        let input = try value(node)
        switch (input.form, try axes(node, rank: input.rank)) {
        case (.pooled, [2, 3]?), (.map(_, 1, 1), [2, 3]?): try toRow(node, input)
        case (_, let listed):
            let extents = input.extents, axes = listed ?? extents.indices.filter { extents[$0] == .known(1) }
            guard Set(axes).count == axes.count, axes.allSatisfy({ extents.indices.contains($0) && extents[$0] == .known(1) }) else {
                throw node.error("the axes \(axes) of its input \(extents.shown) are not 1")
            }
            try reshapeArray(input, to: extents.indices.filter { !axes.contains($0) }.map { extents[$0] }, for: node)
        }
    }

    private mutating func unsqueeze(_ node: OnnxNode) throws {
        if case .extents(let extents) = try operand(node, 0) { // a single extent, from a number to a list
            guard extents.count == 1, try axes(node, rank: 1) == [0] else {
                throw node.error(.malformed, "its axes do not fit a shape")
            }
            return try define(node, .extents(extents))
        }
        let input = try value(node)
        guard let count = try axes(node, rank: 0)?.count, input.rank + count <= 8, let axes = try axes(node, rank: input.rank + count) else {
            throw node.error(.malformed, "its axes do not fit")
        }
        if case .row(let features, nil) = input.form, axes == [2, 3] {
            return try define(node, .value(OnnxValue(core: input.core, form: .pooled(channels: features))))
        }
        var extents = input.extents
        for axis in axes {
            guard (0...extents.count).contains(axis) else { throw node.error(.malformed, "its axes do not fit") }
            extents.insert(.known(1), at: axis)
        }
        try reshapeArray(input, to: extents, for: node)
    }
}
