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
        if case .constant(let tensor) = try operand(node, 0) { return try reshape(node, tensor, wanted) }
        let input = try value(node)
        try node.require("allowzero", 0, "'allowzero' is not supported")
        let given = input.extents
        // 0 repeats the input's extent; a single -1 is what is left over.
        var extents: [OnnxExtent] = []
        for (axis, extent) in wanted.enumerated() {
            if extent == .known(0) {
                guard axis < given.count else { throw node.error(.malformed, "its shape repeats an axis that the input has not") }
                extents.append(given[axis])
            } else {
                extents.append(extent)
            }
        }
        // The batch stays what it is: by name, as what is left over, or as the 1 that exporters of a single example write.
        let keepsBatch = extents.first == .batch || extents.first == .known(1) || (extents.first == .known(-1) && extents.count > 1)
        guard keepsBatch else { throw node.error("a reshape to \(extents.shown) does not keep the batch, which is not supported") }
        // At most one axis may be what is left over.
        let channels: Int? = if extents.count > 1, case .known(let count) = extents[1], count > 0 { count } else { nil }
        guard channels != nil || extents.count > 1 && extents[1] == .known(-1) && extents[0] != .known(-1) else {
            throw node.error("a reshape of \(given.shown) to \(extents.shown) is not supported")
        }
        if extents.count == 2 {
            if let channels, let features = input.features, features != channels {
                throw node.error(.mismatch, "\(given.shown) has \(features) features, not \(channels)")
            }
            try toRow(node, input)
        } else if extents.count == 4, extents[2...].allSatisfy({ $0 == .known(1) }), channels ?? input.channels == input.channels {
            switch input.form {
            case .row(let features, nil), .pooled(let features):
                try define(node, .value(OnnxValue(core: input.core, form: .pooled(channels: features))))
            default: throw node.error("a reshape of \(given.shown) to \(extents.shown) is not supported")
            }
        } else {
            throw node.error("a reshape of \(given.shown) to \(extents.shown) is not supported, only to [n, features]")
        }
    }

    private func targetExtents(_ node: OnnxNode) throws -> [OnnxExtent] {
        guard node.input(1) != nil else { throw node.error(.malformed, "it has no shape") }
        switch try operand(node, 1) {
        case .constant(let tensor): return try tensor.integers().map { .known($0) }
        case .extents(let extents): return extents
        case .value: throw node.error("its shape is not a constant")
        }
    }

    private mutating func reshape(_ node: OnnxNode, _ tensor: OnnxTensor, _ wanted: [OnnxExtent]) throws {
        var extents: [Int] = []
        for (axis, extent) in wanted.enumerated() {
            guard case .known(let number) = extent, number >= -1 else {
                throw node.error("the shape of a constant depends on the input")
            }
            guard number != 0 || axis < tensor.extents.count else {
                throw node.error(.malformed, "its shape repeats an axis that the input has not")
            }
            extents.append(number == 0 ? tensor.extents[axis] : number)
        }
        if let free = extents.firstIndex(of: -1) {
            let others = extents.filter { $0 != -1 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
            guard extents.filter({ $0 == -1 }).count == 1, others > 0, tensor.count % others == 0 else {
                throw node.error(.malformed, "its shape does not fit")
            }
            extents[free] = tensor.count / others
        }
        guard ElementType.byteCount(of: extents, bits: 8) == tensor.count else {
            throw node.error(.mismatch, "its shape does not fit the constant")
        }
        try define(node, .constant(tensor.reshaped(extents)))
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
        guard let axes = try axes(node, rank: input.rank), axes == [2, 3] else {
            throw node.error("only axes [2, 3] of [n, c, 1, 1] are supported")
        }
        switch input.form {
        case .pooled: try toRow(node, input)
        case .map(_, 1, 1): try toRow(node, input)
        default: throw node.error("height and width of its input \(input.extents.shown) are not 1")
        }
    }

    private mutating func unsqueeze(_ node: OnnxNode) throws {
        switch try operand(node, 0) {
        case .extents(let extents): // a single extent, from a number to a list
            guard extents.count == 1, try axes(node, rank: 1) == [0] else {
                throw node.error(.malformed, "its axes do not fit a shape")
            }
            try define(node, .extents(extents))
        case .constant(let tensor):
            guard let count = try axes(node, rank: 0)?.count, tensor.extents.count + count <= 8,
                  let axes = try axes(node, rank: tensor.extents.count + count) else {
                throw node.error(.malformed, "its axes do not fit")
            }
            var extents = tensor.extents
            for axis in axes {
                guard (0...extents.count).contains(axis) else { throw node.error(.malformed, "its axes do not fit") }
                extents.insert(1, at: axis)
            }
            try define(node, .constant(tensor.reshaped(extents)))
        case .value(let input):
            guard case .row(let features, nil) = input.form, try axes(node, rank: 4) == [2, 3] else {
                throw node.error("only axes [2, 3] of [n, c] are supported")
            }
            try define(node, .value(OnnxValue(core: input.core, form: .pooled(channels: features))))
        }
    }
}
