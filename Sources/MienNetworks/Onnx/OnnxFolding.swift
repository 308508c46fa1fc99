import InferenceCore

/// Operators on constants, whose results are constants: exporters leave them in the file, above all where they compute shapes and padding.
struct OnnxFolding {
    static let operations: Set<String> = [
        "Identity", "Cast", "Shape", "Gather", "Slice", "Concat", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "ConstantOfShape", "Clip", "Neg",
        "Sqrt", "Ceil", "Floor", "Add", "Sub", "Mul", "Div", "Max", "Min",
    ]

    /// Elements of a constant, row-major: whole numbers stay whole.
    enum Elements {
        case floats([Float])
        case integers([Int])
    }

    let node: OnnxNode
    let opset: Int
    let inputs: [OnnxTensor?]
    /// More elements are refused before they are made.
    let limit: Int

    func result() throws -> OnnxTensor {
        switch node.operation {
        case "Identity": return try tensor(0)
        case "Cast": return try cast()
        case "Shape":
            let extents = try tensor(0).extents
            let range = OnnxImporter.range(try node.int("start") ?? 0, try node.int("end") ?? extents.count, of: extents.count)
            return made(.integers(Array(extents[range])), [range.count])
        case "Gather": return try gather()
        case "Slice": return try slice()
        case "Concat": return try concatenate()
        case "Reshape": return try reshape()
        case "Squeeze", "Unsqueeze": return try changeAxes()
        case "Transpose": return try transpose()
        case "ConstantOfShape": return try filled()
        case "Clip": return try clip()
        case "Neg": return try each({ -$0 }, { 0 &- $0 })
        case "Sqrt": return try each({ $0.squareRoot() }, nil)
        case "Ceil": return try each({ $0.rounded(.up) }, nil)
        case "Floor": return try each({ $0.rounded(.down) }, nil)
        case "Add": return try combine(+) { $0.addingReportingOverflow($1) }
        case "Sub": return try combine(-) { $0.subtractingReportingOverflow($1) }
        case "Mul": return try combine(*) { $0.multipliedReportingOverflow(by: $1) }
        case "Div": return try combine(/) { $0.dividedReportingOverflow(by: $1) }
        case "Max": return try combine(max) { (max($0, $1), false) }
        case "Min": return try combine(min) { (min($0, $1), false) }
        default: preconditionFailure("an operator that is listed is handled")
        }
    }

    // MARK: Inputs and results

    func tensor(_ index: Int) throws -> OnnxTensor {
        guard index < inputs.count, let tensor = inputs[index] else { throw node.error(.malformed, "input \(index) is missing") }
        return tensor
    }

    func elements(_ tensor: OnnxTensor) throws -> Elements {
        try tensor.isInteger ? .integers(tensor.integers()) : .floats(tensor.floats())
    }

    func made(_ elements: Elements, _ extents: [Int]) -> OnnxTensor {
        let name = node.outputs.first ?? node.name
        return switch elements {
        case .floats(let numbers): OnnxTensor(floats: numbers, extents: extents, name: name)
        case .integers(let numbers): OnnxTensor(integers: numbers, extents: extents, name: name)
        }
    }

    func counted(_ extents: [Int]) throws -> Int {
        guard extents.count <= 8, let count = ElementType.byteCount(of: extents, bits: 8), count <= limit else {
            throw node.error("its result takes far more room than the file that it comes from")
        }
        return count
    }

    func picked(_ tensor: OnnxTensor, _ extents: [Int], _ source: (Int) -> Int) throws -> OnnxTensor {
        let count = try counted(extents)
        switch try elements(tensor) {
        case .floats(let numbers): return made(.floats((0..<count).map { numbers[source($0)] }), extents)
        case .integers(let numbers): return made(.integers((0..<count).map { numbers[source($0)] }), extents)
        }
    }

    func axis(_ axis: Int, rank: Int) throws -> Int {
        let counted = axis < 0 ? axis + rank : axis
        guard (0..<rank).contains(counted) else { throw node.error(.malformed, "there is no axis \(axis)") }
        return counted
    }

    // MARK: Elements

    private func each(_ float: (Float) -> Float, _ integer: ((Int) -> Int)?) throws -> OnnxTensor {
        let input = try tensor(0)
        switch (try elements(input), integer) {
        case (.floats(let numbers), _): return made(.floats(numbers.map(float)), input.extents)
        case (.integers(let numbers), let integer?): return made(.integers(numbers.map(integer)), input.extents)
        case (.integers, nil): throw node.error(.malformed, "it does not apply to whole numbers")
        }
    }

    private func combine(
        _ float: (Float, Float) -> Float, _ integer: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) throws -> OnnxTensor {
        let (a, b) = (try tensor(0), try tensor(1))
        guard inputs.count == 2 else { throw node.error("only two inputs are supported") }
        let rank = max(a.extents.count, b.extents.count)
        func padded(_ tensor: OnnxTensor) -> [Int] { [Int](repeating: 1, count: rank - tensor.extents.count) + tensor.extents }
        let (left, right) = (padded(a), padded(b))
        let extents = try zip(left, right).map { one, other in
            guard one == other || one == 1 || other == 1 else {
                throw node.error(.mismatch, "shapes \(Shape(a.extents)) and \(Shape(b.extents)) do not fit together")
            }
            return one == 1 ? other : one
        }
        let count = try counted(extents)
        // Where an element of the result comes from, with extents of 1 repeated.
        func source(_ index: Int, _ from: [Int]) -> Int {
            var (left, place, step) = (index, 0, 1)
            for axis in extents.indices.reversed() {
                let position = left % extents[axis]
                left /= extents[axis]
                if from[axis] != 1 { place += position * step }
                step *= from[axis]
            }
            return place
        }
        switch (try elements(a), try elements(b)) {
        case (.integers(let x), .integers(let y)):
            return made(.integers(try (0..<count).map { index in
                let (value, overflow) = integer(x[source(index, left)], y[source(index, right)])
                guard !overflow else { throw node.error(.malformed, "a whole number does not fit 64 bits") }
                return value
            }), extents)
        default:
            let x = try a.floats(), y = try b.floats()
            return made(.floats((0..<count).map { float(x[source($0, left)], y[source($0, right)]) }), extents)
        }
    }

    private func cast() throws -> OnnxTensor {
        guard let type = try node.int("to") else { throw node.error(.malformed, "attribute 'to' is missing") }
        node.ignore("saturate", "round_mode") // of 8-bit floats
        let input = try tensor(0)
        switch type {
        case 1, 10, 11, 16: return made(.floats(try input.floats()), input.extents)
        case 6, 7:
            if input.isInteger { return input }
            let numbers = try input.floats()
            guard numbers.allSatisfy({ abs($0) < 1e18 }) else { throw node.error(.malformed, "a number does not fit 64 bits") }
            return made(.integers(numbers.map { Int($0) }), input.extents)
        default: throw node.error("a cast to type \(type) is not supported")
        }
    }

    private func clip() throws -> OnnxTensor {
        guard opset >= 11 else { throw node.error("limits as attributes are not supported for constants") }
        func bound<Number>(_ index: Int, _ numbers: (OnnxTensor) throws -> [Number]) throws -> Number? {
            guard index < inputs.count, let bound = inputs[index] else { return nil }
            guard bound.count == 1 else { throw node.error(.malformed, "its bound '\(bound.name)' has \(bound.count) elements") }
            return try numbers(bound)[0]
        }
        let input = try tensor(0)
        switch try elements(input) {
        case .floats(let numbers):
            let low = try bound(1) { try $0.floats() } ?? -.infinity, high = try bound(2) { try $0.floats() } ?? .infinity
            return made(.floats(numbers.map { min(max($0, low), high) }), input.extents)
        case .integers(let numbers):
            let low = try bound(1) { try $0.integers() } ?? .min, high = try bound(2) { try $0.integers() } ?? .max
            return made(.integers(numbers.map { min(max($0, low), high) }), input.extents)
        }
    }

    private func filled() throws -> OnnxTensor {
        let extents = try tensor(0).integers()
        guard extents.allSatisfy({ $0 >= 0 }) else { throw node.error(.malformed, "its shape is \(extents)") }
        let count = try counted(extents)
        guard let value = try node.tensor("value") else { return made(.floats(.init(repeating: 0, count: count)), extents) }
        guard value.count == 1 else { throw node.error(.malformed, "its value has \(value.count) elements") }
        switch try elements(value) {
        case .floats(let numbers): return made(.floats(.init(repeating: numbers[0], count: count)), extents)
        case .integers(let numbers): return made(.integers(.init(repeating: numbers[0], count: count)), extents)
        }
    }
}

extension OnnxImporter {
    /// Computes `node` if its inputs are constants.
    ///
    /// - Returns: Whether they were.
    mutating func fold(_ node: OnnxNode) throws -> Bool {
        guard OnnxFolding.operations.contains(node.operation), !node.inputs.isEmpty else { return false }
        var inputs: [OnnxTensor?] = []
        for index in node.inputs.indices {
            guard let name = node.input(index) else { inputs.append(nil); continue }
            guard case .constant(let tensor)? = named(name) else { return false }
            inputs.append(tensor)
        }
        let result = try OnnxFolding(node: node, opset: opset, inputs: inputs, limit: max(weightBudget, 0)).result()
        let work = result.count + inputs.reduce(0) { $0 + ($1?.count ?? 0) }
        // Other names and shapes cost nothing, and the few numbers of which shapes are made nothing worth counting.
        if work > 64, !["Identity", "Shape", "Reshape", "Squeeze", "Unsqueeze"].contains(node.operation) { try spend(work, for: node) }
        try define(node, .constant(result))
        return true
    }
}
