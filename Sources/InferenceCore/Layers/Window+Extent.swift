extension Window {
    /// Number of output lines (or columns) and how many of the input's are missing before the first.
    func extentY(_ input: Int) throws(InferenceError) -> (output: Int, before: Int) {
        if case .explicit(let top, _, let bottom, _) = padding { return try explicit(input, height, strideY, top, bottom, "height") }
        return same(input, height, strideY)
    }

    func extentX(_ input: Int) throws(InferenceError) -> (output: Int, before: Int) {
        if case .explicit(_, let left, _, let right) = padding { return try explicit(input, width, strideX, left, right, "width") }
        return same(input, width, strideX)
    }

    /// Shape after the window has slid over `input`, with `channels`.
    func outputShape(_ input: ImageShape, channels: Int) throws(InferenceError) -> Shape {
        [input.batch, try extentY(input.height).output, try extentX(input.width).output, channels]
    }

    /// Where the window stands over an input that `outputShape` accepted.
    func place(over input: ImageShape) -> Placement {
        guard let y = try? extentY(input.height), let x = try? extentX(input.width) else { preconditionFailure("the shape was checked") }
        return Placement(height: y.output, width: x.output, top: y.before, left: x.before)
    }

    var isValid: Bool {
        guard height > 0, width > 0, strideX > 0, strideY > 0, dilation > 0 else { return false }
        guard case .explicit(let top, let left, let bottom, let right) = padding else { return true }
        return min(top, left, bottom, right) >= 0
    }

    private func explicit(_ input: Int, _ size: Int, _ stride: Int, _ before: Int, _ after: Int, _ axis: String) throws(InferenceError) -> (output: Int, before: Int) {
        let room = input + before + after - ((size - 1) * dilation + 1)
        guard room >= 0, input > 0 else { throw InferenceError("an input \(axis) of \(input) is smaller than the window of \(size)") }
        return (room / stride + 1, before)
    }

    private func same(_ input: Int, _ size: Int, _ stride: Int) -> (output: Int, before: Int) {
        let output = (input + stride - 1) / stride
        return (output, max((output - 1) * stride + (size - 1) * dilation + 1 - input, 0) / 2)
    }
}

/// Extents of a sliding window's output, and the padding before the input.
struct Placement {
    let height: Int, width: Int, top: Int, left: Int
}
