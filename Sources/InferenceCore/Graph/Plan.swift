/// How a compiled graph runs for inputs of particular shapes: the shape of every value and its place in memory.
struct Plan: Sendable {
    /// Where a value lives while the graph runs.
    enum Place: Sendable {
        case input(Int)
        /// In the tensor that the caller gets.
        case output(Int)
        /// So many floats into the arena.
        case arena(Int)
    }

    private(set) var shapes: [Int: Shape] = [:]
    private(set) var places: [Int: Place] = [:]
    /// Floats of scratch for each thread; they follow the values in the arena.
    private(set) var scratchCount = 0
    private(set) var valueCount = 0
    private let threads: Int

    var arenaCount: Int { valueCount + threads * scratchCount }

    /// No tensor is larger than this many floats (8 GiB): the product of hostile extents must not overflow.
    static let largestTensor = 1 << 31

    init(_ stages: [(stage: Stage, layer: any Layer)], inputs: [(value: Int, shape: Shape)], outputs: [Int], threads: Int) throws(InferenceError) {
        self.threads = threads
        for (index, input) in inputs.enumerated() {
            shapes[input.value] = input.shape
            places[input.value] = .input(index)
        }
        for (stage, layer) in stages {
            do throws(InferenceError) {
                let inputShapes = stage.allInputs.map { shapes[$0]! }
                let results = try layer.outputShapes(for: inputShapes)
                for (value, shape) in zip([stage.output], results) {
                    guard isReasonable(shape) else { throw InferenceError("a result of shape \(shape) is too large") }
                    shapes[value] = shape
                }
                scratchCount = max(scratchCount, roundUp(layer.scratchCount(inputs: inputShapes, outputs: results, threads: threads), to: 16))
            } catch {
                throw InferenceError(node: stage.name, error.message)
            }
        }
        place(stages, outputs: outputs)
    }

    private func isReasonable(_ shape: Shape) -> Bool {
        var count = 1
        for extent in shape.extents {
            let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflow, product <= Self.largestTensor else { return false }
            count = product
        }
        return true
    }

    /// Gives every value a place: results that the caller wants in the caller's tensors, the others in the arena, where values that
    /// are never needed at the same time share memory. Takes the largest first, each at the lowest free offset.
    private mutating func place(_ stages: [(stage: Stage, layer: any Layer)], outputs: [Int]) {
        var owner: [Int: Int] = [:]
        for (stage, layer) in stages where layer is any RenamingLayer { owner[stage.output] = owner[stage.inputs[0]] ?? stage.inputs[0] }
        func root(_ value: Int) -> Int { owner[value] ?? value }

        for (index, value) in outputs.enumerated() where places[root(value)] == nil { places[root(value)] = .output(index) }

        struct Life { let value: Int, first: Int, count: Int; var last: Int; var offset = 0 }
        var lives: [Int: Life] = [:]
        for (index, (stage, _)) in stages.enumerated() {
            for value in stage.allInputs { lives[root(value)]?.last = index }
            let made = root(stage.output)
            if places[made] == nil, lives[made] == nil {
                lives[made] = Life(value: made, first: index, count: roundUp(max(shapes[made]!.count, 1), to: 16), last: index)
            }
        }
        var placed: [Life] = []
        for var life in lives.values.sorted(by: { ($1.count, $0.value) < ($0.count, $1.value) }) {
            let neighbours = placed.filter { $0.first <= life.last && life.first <= $0.last }.sorted { $0.offset < $1.offset }
            for other in neighbours where other.offset < life.offset + life.count { life.offset = max(life.offset, other.offset + other.count) }
            placed.append(life)
            places[life.value] = .arena(life.offset)
            valueCount = max(valueCount, life.offset + life.count)
        }
        for (value, owner) in owner { places[value] = places[owner] }
    }
}
