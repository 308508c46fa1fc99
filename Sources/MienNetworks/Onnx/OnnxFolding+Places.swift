import InferenceCore

/// Operators that put the elements of constants elsewhere, or take some of them.
extension OnnxFolding {
    func gather() throws -> OnnxTensor {
        let input = try tensor(0), chosen = try tensor(1)
        let axis = try axis(try node.int("axis") ?? 0, rank: input.extents.count), extent = input.extents[axis]
        let indices = try chosen.integers().map { $0 < 0 ? $0 + extent : $0 }
        guard indices.allSatisfy({ (0..<extent).contains($0) }) else { throw node.error(.malformed, "an index is outside axis \(axis)") }
        let step = input.extents[(axis + 1)...].reduce(1, *)
        return try picked(input, Array(input.extents[..<axis]) + chosen.extents + input.extents[(axis + 1)...]) { index in
            let (rest, inner) = index.quotientAndRemainder(dividingBy: step)
            let (outer, position) = rest.quotientAndRemainder(dividingBy: indices.count)
            return (outer * extent + indices[position]) * step + inner
        }
    }

    func slice() throws -> OnnxTensor {
        let input = try tensor(0), rank = input.extents.count
        func list(_ key: String, _ index: Int) throws -> [Int]? {
            let listed = try node.ints(key)
            return try opset < 10 ? listed : index < inputs.count ? inputs[index]?.integers() : nil
        }
        guard let starts = try list("starts", 1), let ends = try list("ends", 2), starts.count == ends.count else {
            throw node.error(.malformed, "its starts and ends differ in number")
        }
        let axes = try list("axes", 3) ?? Array(starts.indices), steps = try list("steps", 4) ?? starts.map { _ in 1 }
        guard axes.count == starts.count, steps.count == starts.count else { throw node.error(.malformed, "its axes and steps differ in number") }
        var result = input
        for (index, listed) in axes.enumerated() {
            let axis = try axis(listed, rank: rank), extent = result.extents[axis], step = steps[index]
            let places: [Int]
            switch step {
            case 1: places = Array(OnnxImporter.range(starts[index], ends[index], of: extent))
            case -1: // from start down to after end, as flipped padding has it
                let from = min(starts[index] < 0 ? starts[index] + extent : starts[index], extent - 1)
                let to = ends[index] < -extent ? -1 : ends[index] < 0 ? ends[index] + extent : ends[index]
                places = from > to && from >= 0 ? Array((to + 1...from).reversed()) : []
            default: throw node.error("a step of \(step) is not supported")
            }
            var extents = result.extents
            extents[axis] = places.count
            let inner = extents[(axis + 1)...].reduce(1, *)
            result = try picked(result, extents) { index in
                let (rest, offset) = index.quotientAndRemainder(dividingBy: inner)
                let (outer, position) = rest.quotientAndRemainder(dividingBy: places.count)
                return (outer * extent + places[position]) * inner + offset
            }
        }
        return result
    }

    func concatenate() throws -> OnnxTensor {
        guard let listed = try node.int("axis") else { throw node.error(.malformed, "attribute 'axis' is missing") }
        let parts = try inputs.indices.map { try tensor($0) }, first = parts[0]
        let axis = try axis(listed, rank: first.extents.count)
        for part in parts {
            var extents = part.extents
            guard extents.indices.contains(axis) else { throw node.error(.mismatch, "its inputs differ in rank") }
            extents[axis] = first.extents[axis]
            guard extents == first.extents else { throw node.error(.mismatch, "its inputs do not fit together") }
        }
        var extents = first.extents
        extents[axis] = parts.reduce(0) { $0 + $1.extents[axis] }
        _ = try counted(extents)
        let outer = extents[..<axis].reduce(1, *)
        func joined<Element>(_ lists: [[Element]]) -> [Element] {
            var elements: [Element] = []
            for row in 0..<outer {
                for list in lists { elements += list[row * (list.count / outer)..<(row + 1) * (list.count / outer)] }
            }
            return elements
        }
        if parts.allSatisfy(\.isInteger) { return made(.integers(joined(try parts.map { try $0.integers() })), extents) }
        return made(.floats(joined(try parts.map { try $0.floats() })), extents)
    }

    func reshape() throws -> OnnxTensor {
        let input = try tensor(0)
        var extents = try tensor(1).integers()
        if try node.int("allowzero") == 1, extents.contains(0) { throw node.error("an extent of 0 is not supported") }
        for axis in extents.indices where extents[axis] == 0 {
            guard axis < input.extents.count else { throw node.error(.malformed, "its shape repeats an axis that the input has not") }
            extents[axis] = input.extents[axis]
        }
        if let free = extents.firstIndex(of: -1) {
            extents[free] = 1
            guard let others = ElementType.byteCount(of: extents, bits: 8), others > 0, input.count % others == 0 else {
                throw node.error(.malformed, "its shape does not fit")
            }
            extents[free] = input.count / others
        }
        guard extents.count <= 8, ElementType.byteCount(of: extents, bits: 8) == input.count else {
            throw node.error(.mismatch, "its shape does not fit the constant")
        }
        return input.reshaped(extents)
    }

    func changeAxes() throws -> OnnxTensor {
        let input = try tensor(0), inserts = node.operation == "Unsqueeze"
        let listed = try node.ints("axes")
        let given = try opset < 13 ? listed : inputs.count > 1 ? tensor(1).integers() : nil
        var extents = input.extents
        if inserts {
            guard let given, extents.count + given.count <= 8 else { throw node.error(.malformed, "its axes do not fit") }
            let rank = extents.count + given.count
            for axis in try given.map({ try axis($0, rank: rank) }).sorted() {
                guard axis <= extents.count else { throw node.error(.malformed, "its axes do not fit") }
                extents.insert(1, at: axis)
            }
        } else {
            let axes = try given?.map { try axis($0, rank: extents.count) } ?? extents.indices.filter { extents[$0] == 1 }
            guard axes.allSatisfy({ extents[$0] == 1 }), Set(axes).count == axes.count else { throw node.error(.malformed, "an axis is not of extent 1") }
            for axis in axes.sorted(by: >) { extents.remove(at: axis) }
        }
        return input.reshaped(extents)
    }

    func transpose() throws -> OnnxTensor {
        let input = try tensor(0), rank = input.extents.count
        let axes = try node.ints("perm") ?? Array((0..<rank).reversed())
        guard axes.sorted() == Array(0..<rank) else { throw node.error(.malformed, "attribute 'perm' is \(axes)") }
        var strides = [Int](repeating: 1, count: rank)
        for axis in (0..<rank).dropLast().reversed() { strides[axis] = strides[axis + 1] * input.extents[axis + 1] }
        let extents = axes.map { input.extents[$0] }
        return try picked(input, extents) { index in
            var (left, place) = (index, 0)
            for axis in extents.indices.reversed() {
                place += left % extents[axis] * strides[axes[axis]]
                left /= extents[axis]
            }
            return place
        }
    }
}
