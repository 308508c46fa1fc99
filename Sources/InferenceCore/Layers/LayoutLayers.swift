internal import CInferenceKernels

/// Joins tensors along the channels.
struct ConcatenateLayer: Layer {
    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard let first = inputs.first, first.rank > 0 else { throw InferenceError("nothing to concatenate") }
        guard inputs.allSatisfy({ $0.extents.dropLast() == first.extents.dropLast() }) else {
            throw InferenceError("cannot concatenate the channels of " + inputs.map(\.description).joined(separator: ", "))
        }
        return [Shape(first.extents.dropLast() + [inputs.reduce(0) { $0 + $1[first.rank - 1] }])]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let total = outputs[0].shape.extents.last ?? 0, rows = outputs[0].shape.count / max(total, 1)
        let target = outputs[0].pointer
        let piece = 128
        machine.parallelFor((rows + piece - 1) / piece) { index, _ in
            var column = 0
            for input in inputs {
                let channels = input.shape.extents.last ?? 0
                for row in index * piece..<min((index + 1) * piece, rows) {
                    (target + row * total + column).update(from: input.pointer + row * channels, count: channels)
                }
                column += channels
            }
        }
    }
}

/// Enlarges by a whole factor: nearest, or bilinear.
struct UpsampleLayer: Layer {
    let factor: Int
    let bilinear: Bool

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0])
        guard factor >= 1, image.height > 0, image.width > 0 else { throw InferenceError("cannot enlarge \(inputs[0]) by \(factor)") }
        return [[image.batch, image.height * factor, image.width * factor, image.channels]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        if bilinear { return Interpolation.run(inputs[0], outputs[0], on: machine) }
        let image = ImageShape(inputs[0].shape), output = ImageShape(outputs[0].shape)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        machine.parallelFor(output.batch * output.height) { index, _ in
            let (item, y) = index.quotientAndRemainder(dividingBy: output.height)
            let from = source + item * image.imageCount + y / factor * image.lineCount, line = target + index * output.lineCount
            for x in 0..<output.width { (line + x * image.channels).update(from: from + x / factor * image.channels, count: image.channels) }
        }
    }
}

/// Bilinear, to any height and width.
struct ResizeLayer: Layer {
    let height: Int
    let width: Int

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0])
        guard height > 0, width > 0, image.height > 0, image.width > 0 else {
            throw InferenceError("cannot bring \(inputs[0]) to \(height) x \(width)")
        }
        return [[image.batch, height, width, image.channels]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        Interpolation.run(inputs[0], outputs[0], on: machine)
    }
}

/// Bilinear interpolation of maps between the extents of two shapes, with half-pixel centres; edges repeat.
private enum Interpolation {
    static func run(_ input: TensorView, _ result: MutableTensorView, on machine: Machine) {
        let image = ImageShape(input.shape), output = ImageShape(result.shape)
        machine.parallelFor(output.batch * output.height) { index, _ in
            let (item, y) = index.quotientAndRemainder(dividingBy: output.height)
            interpolate(input.pointer + item * image.imageCount, image, y: y, to: result.pointer + index * output.lineCount, output, machine.kernels)
        }
    }

    /// The two neighbours of an output position and the weight of the second.
    private static func neighbours(_ position: Int, of extent: Int, in output: Int) -> (Int, Int, Float) {
        let centre = (Float(position) + 0.5) * Float(extent) / Float(output) - 0.5
        let first = Int(centre.rounded(.down))
        return (max(first, 0), min(first + 1, extent - 1), centre - Float(first))
    }

    private static func interpolate(
        _ picture: UnsafePointer<Float>, _ image: ImageShape, y: Int, to line: UnsafeMutablePointer<Float>, _ output: ImageShape,
        _ kernels: mien_kernels
    ) {
        let (top, bottom, ty) = neighbours(y, of: image.height, in: output.height)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: 4) { corners in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 4) { weights in
                for x in 0..<output.width {
                    let (left, right, tx) = neighbours(x, of: image.width, in: output.width)
                    for (corner, (row, column)) in [(top, left), (top, right), (bottom, left), (bottom, right)].enumerated() {
                        corners[corner] = picture + row * image.lineCount + column * image.channels
                    }
                    (weights[0], weights[1], weights[2], weights[3]) = ((1 - ty) * (1 - tx), (1 - ty) * tx, ty * (1 - tx), ty * tx)
                    kernels.blend(line + x * image.channels, corners.baseAddress, weights.baseAddress, image.channels)
                }
            }
        }
    }
}

/// `[n, h, w, c]` to `[n, h * w * c]`.
struct FlattenLayer: RenamingLayer {
    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard let batch = inputs[0].extents.first else { throw InferenceError("cannot flatten a single number") }
        return [[batch, inputs[0].extents.dropFirst().reduce(1, *)]]
    }
}
