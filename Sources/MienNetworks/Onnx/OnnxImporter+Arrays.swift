import InferenceCore

extension OnnxImporter {
    static let arrays: [String: Handler] = [
        "Slice": { try $0.slice($1) },
        "Split": { try $0.split($1) },
        "Gather": { try $0.gather($1) },
    ]

    // MARK: Maps and arrays

    /// `value` in the file's order.
    mutating func array(_ value: OnnxValue, for node: OnnxNode) throws -> OnnxValue {
        guard value.features != nil else {
            throw node.error("the extents of its input \(value.extents.shown) are not known: the file has to declare height and width")
        }
        let form = OnnxValue.Form.array(value.extents)
        switch value.form {
        case .array, .channelsLast, .row(_, nil): return OnnxValue(core: value.core, form: form)
        case .map: return try insert(.permute(axes: [0, 3, 1, 2]), [value], for: node, form: form)
        case .pooled(let channels): return try insert(.reshape([nil, channels, 1, 1]), [value], for: node, form: form)
        case .row(let features, let order?):
            let map = try insert(.reshape([nil, order.height, order.width, order.channels]), [value], for: node, form: form)
            let turned = try insert(.permute(axes: [0, 3, 1, 2]), [map], for: node, form: form)
            return try insert(.reshape([nil, features]), [turned], for: node, form: form)
        }
    }

    /// `value` as the core's map if the file has it as an array of a map's extents; others stay what they are.
    mutating func map(_ value: OnnxValue, for node: OnnxNode) throws -> OnnxValue {
        guard case .array(let extents) = value.form, extents.count == 4, extents[0] == .batch, case .known(let channels) = extents[1],
              case .known(let height) = extents[2], case .known(let width) = extents[3] else { return value }
        return try insert(.permute(axes: [0, 2, 3, 1]), [value], for: node, form: .map(channels: channels, height: height, width: width))
    }

    /// Appends a core operation and defines its result, an array of the given extents, as that of `node`.
    mutating func emitArray(_ operation: Operation, _ inputs: [OnnxValue], for node: OnnxNode, _ extents: [OnnxExtent]) throws {
        guard extents.elements != nil else { throw node.error("its result \(extents.shown) is too large") }
        try emit(operation, inputs, for: node, form: OnnxValue.Form(extents))
    }

    /// Gives `value` other extents of as many elements.
    mutating func reshapeArray(_ value: OnnxValue, to extents: [OnnxExtent], for node: OnnxNode) throws {
        let input = try array(value, for: node)
        try emitArray(.reshape(extents.core), [input], for: node, extents)
    }

    // MARK: Parts

    private mutating func slice(_ node: OnnxNode) throws {
        let listed = (try node.ints("starts"), try node.ints("ends"), try node.ints("axes"))
        let starts = try opset < 10 ? listed.0 : constant(node, 1).integers()
        let ends = try opset < 10 ? listed.1 : constant(node, 2).integers()
        let axes = try opset < 10 ? listed.2 : optionalConstant(node, 3)?.integers()
        let steps = try opset < 10 ? nil : optionalConstant(node, 4)?.integers()
        guard let starts, let ends, starts.count == ends.count, axes?.count ?? starts.count == starts.count, steps?.count ?? starts.count == starts.count else {
            throw node.error(.malformed, "its starts, ends, axes and steps differ in number")
        }
        guard steps?.allSatisfy({ $0 == 1 }) ?? true else { throw node.error("steps other than 1 are not supported") }
        if case .extents(let extents) = try operand(node, 0) {
            guard starts.count == 1, axes ?? [0] == [0] else { throw node.error(.malformed, "a shape has one axis only") }
            let range = Self.range(starts[0], ends[0], of: extents.count)
            return try define(node, extents: Array(extents[range]), isScalar: false)
        }
        var result = try value(node)
        for (index, (start, end)) in zip(starts, ends).enumerated() {
            let axis = try self.axis(node, axes?[index] ?? index, of: result)
            guard case .known(let extent) = result.extents[axis] else { throw node.error("a part of axis \(axis) of \(result.extents.shown) is not supported") }
            let range = Self.range(start, end, of: extent)
            guard !range.isEmpty else { throw node.error("nothing is left of axis \(axis) of \(result.extents.shown)") }
            if range.count < extent { result = try part(result, axis: axis, range, for: node) }
        }
        try define(node, .value(result))
    }

    /// What starts and ends mean for ONNX: from the end if negative, and cut to what there is.
    static func range(_ start: Int, _ end: Int, of extent: Int) -> Range<Int> {
        let from = min(max(start < 0 ? start + extent : start, 0), extent)
        return from..<min(max(end < 0 ? end + extent : end, from), extent)
    }

    private mutating func split(_ node: OnnxNode) throws {
        let listed = try node.ints("split"), parts = try node.int("num_outputs") ?? node.outputs.count
        let given = try opset < 13 ? listed : optionalConstant(node, 1)?.integers()
        let input = try value(node)
        let axis = try axis(node, node.int("axis") ?? 0, of: input)
        guard case .known(let extent) = input.extents[axis], parts == node.outputs.count, parts > 0 else {
            throw node.error("splitting axis \(axis) of \(input.extents.shown) into \(parts) is not supported")
        }
        let each = (extent + parts - 1) / parts // the last one may be smaller
        let counts = given ?? (0..<parts).map { max(0, min(each, extent - $0 * each)) }
        guard counts.count == parts, counts.allSatisfy({ $0 > 0 && $0 <= extent }), counts.reduce(0, +) == extent else {
            throw node.error(.mismatch, "parts \(counts) do not make \(extent)")
        }
        var start = 0
        for (name, count) in zip(node.outputs, counts) {
            if !name.isEmpty { try define(name, .value(part(input, axis: axis, start..<start + count, for: node))) }
            start += count
        }
    }

    private mutating func gather(_ node: OnnxNode) throws {
        let tensor = try constant(node, 1), axis = try node.int("axis") ?? 0
        if case .extents(let extents) = try operand(node, 0) {
            let indices = try tensor.integers().map { $0 < 0 ? $0 + extents.count : $0 }
            guard axis == 0, indices.allSatisfy(extents.indices.contains) else { throw node.error(.malformed, "an index is outside the shape") }
            return try define(node, extents: indices.map { extents[$0] }, isScalar: tensor.extents.isEmpty)
        }
        let input = try array(value(node), for: node), place = try self.axis(node, axis, of: input)
        guard tensor.extents.isEmpty, case .known(let extent) = input.extents[place] else {
            throw node.error("of a value only one element along an axis of known extent can be gathered")
        }
        let index = try tensor.integers()[0]
        guard (-extent..<extent).contains(index) else { throw node.error(.malformed, "index \(index) is outside the axis of \(extent)") }
        let start = index < 0 ? index + extent : index
        let one = try part(input, axis: place, start..<start + 1, for: node)
        var extents = input.extents
        extents.remove(at: place)
        try reshapeArray(one, to: extents, for: node)
    }

    /// Part of `value` along an axis of the file; along the channels of a map it stays a map.
    private mutating func part(_ value: OnnxValue, axis: Int, _ range: Range<Int>, for node: OnnxNode) throws -> OnnxValue {
        if case .map(_, let height, let width) = value.form, axis == 1 {
            return try insert(.slice(axis: 3, start: range.lowerBound, count: range.count), [value], for: node,
                              form: .map(channels: range.count, height: height, width: width))
        }
        let input = try array(value, for: node)
        var extents = input.extents
        extents[axis] = .known(range.count)
        return try insert(.slice(axis: axis, start: range.lowerBound, count: range.count), [input], for: node, form: OnnxValue.Form(extents))
    }

    /// An axis as the file counts them, from the end if negative.
    func axis(_ node: OnnxNode, _ axis: Int, of value: OnnxValue) throws(ModelFileError) -> Int {
        let counted = axis < 0 ? axis + value.rank : axis
        guard (0..<value.rank).contains(counted) else { throw node.error(.malformed, "\(value.extents.shown) has no axis \(axis)") }
        return counted
    }
}
