internal import CInferenceKernels

/// Other extents for the same elements in the same order.
struct ReshapeLayer: RenamingLayer {
    /// nil for what is left over.
    let extents: [Int?]

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let count = inputs[0].count
        var known = 1
        for case let extent? in extents {
            let (product, overflow) = known.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflow else { throw InferenceError("cannot make \(inputs[0]) of impossible extents") }
            known = product
        }
        let free = extents.count { $0 == nil }
        guard free == 1 && count % known == 0 || free == 0 && count == known else {
            throw InferenceError("cannot make [" + extents.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "] of \(inputs[0])")
        }
        return [Shape(extents.map { $0 ?? count / known })]
    }
}

/// The same values for each example.
struct RepeatedLayer: Layer {
    let values: [Float]
    let extents: [Int]

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard let batch = inputs[0].extents.first else { throw InferenceError("a single number has no examples") }
        return [Shape([batch] + extents)]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        values.withUnsafeBufferPointer { values in
            for item in 0..<outputs[0].shape[0] { (outputs[0].pointer + item * values.count).update(from: values.baseAddress!, count: values.count) }
        }
    }
}

/// Axis i of the result is axis `axes[i]` of the input.
struct PermuteLayer: Layer {
    let axes: [Int]

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard axes.sorted() == Array(0..<inputs[0].rank) else { throw InferenceError("cannot order the axes of \(inputs[0]) as \(axes)") }
        return [Shape(axes.map { inputs[0][$0] })]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let extents = outputs[0].shape.extents
        guard let length = extents.last, outputs[0].shape.count > 0 else { return }
        var strides = [Int](repeating: 1, count: extents.count)
        for axis in stride(from: extents.count - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * inputs[0].shape[axis + 1] }
        // Floats from one element of the result to the next along each of its axes.
        let steps = axes.map { strides[$0] }, step = steps[steps.count - 1]
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let rows = outputs[0].shape.count / length, piece = max(1, 4096 / length)
        machine.parallelFor((rows + piece - 1) / piece) { index, _ in
            for row in index * piece..<min((index + 1) * piece, rows) {
                var from = source, left = row
                for axis in stride(from: extents.count - 2, through: 0, by: -1) {
                    let (rest, position) = left.quotientAndRemainder(dividingBy: extents[axis])
                    from += position * steps[axis]
                    left = rest
                }
                let to = target + row * length
                if step == 1 {
                    to.update(from: from, count: length)
                } else {
                    for i in 0..<length { to[i] = from[i * step] }
                }
            }
        }
    }
}

/// Some neighbouring elements along an axis.
struct SliceLayer: Layer {
    let axis: Int
    let start: Int
    let count: Int

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        var extents = inputs[0].extents
        guard extents.indices.contains(axis), start >= 0, count >= 0, start <= extents[axis] - count else {
            throw InferenceError("cannot take \(count) from \(start) along axis \(axis) of \(inputs[0])")
        }
        extents[axis] = count
        return [Shape(extents)]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let extents = inputs[0].shape.extents
        let step = extents[(axis + 1)...].reduce(1, *), outer = extents[..<axis].reduce(1, *), whole = extents[axis] * step
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        machine.parallelFor(outer) { index, _ in
            (target + index * count * step).update(from: source + index * whole + start * step, count: count * step)
        }
    }
}

/// `[..., m, k]` times `[..., k, n]`, matrix by matrix.
struct MatrixProductLayer: Layer {
    let kernels: mien_kernels

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let (a, b) = (inputs[0], inputs[1]), rank = a.rank
        guard rank >= 2, b.rank == rank, a.extents[..<(rank - 2)] == b.extents[..<(rank - 2)], a[rank - 1] == b[rank - 2] else {
            throw InferenceError("cannot multiply \(a) by \(b)")
        }
        return [Shape(a.extents.dropLast() + [b[rank - 1]])]
    }

    /// The second matrix, packed.
    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int {
        kernels.packed_count(inputs[1][inputs[1].rank - 2], inputs[1][inputs[1].rank - 1])
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let (a, b) = (inputs[0], inputs[1]), rank = a.shape.rank
        let (m, k, n) = (a.shape[rank - 2], a.shape[rank - 1], b.shape[rank - 1])
        machine.parallelFor(a.shape.extents[..<(rank - 2)].reduce(1, *)) { index, slot in
            let packed = machine.scratch(slot: slot)
            kernels.pack(packed, b.pointer + index * k * n, k, n, n, 1, nil)
            var product = mien_product(
                packed, inputs: k, outputs: n, rows: m, from: a.pointer + index * m * k, pitch: k, to: outputs[0].pointer + index * m * n, pitch: n,
                Epilogue(nil))
            kernels.product(&product)
        }
    }
}

struct LayerNormalizationLayer: Layer {
    let norm: LayerNormalization

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard inputs[0].extents.last == norm.width else { throw InferenceError("needs \(norm.width) features, got \(inputs[0])") }
        return [inputs[0]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        norm.run(inputs[0].shape.count / norm.width, inputs[0].pointer, to: outputs[0].pointer, on: machine)
    }
}
