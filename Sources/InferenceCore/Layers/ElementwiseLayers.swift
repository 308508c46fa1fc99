internal import CInferenceKernels

struct ActivationLayer: Layer {
    let activation: Activation

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] { [inputs[0]] }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let (kind, first, second) = activation.kernel
        machine.parallelElements(inputs[0].shape.count) { range in
            machine.kernels.activate(target + range.lowerBound, source + range.lowerBound, range.count, kind, first, second)
        }
    }
}

struct ScaleShiftLayer: Layer {
    private let scale: AlignedStorage
    private let shift: AlignedStorage

    init(scale: [Float], shift: [Float]) {
        self.scale = AlignedStorage(scale)
        self.shift = AlignedStorage(shift)
    }

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard inputs[0].extents.last == scale.count else { throw InferenceError("needs \(scale.count) channels, got \(inputs[0])") }
        return [inputs[0]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let channels = scale.count, rows = inputs[0].shape.count / max(channels, 1)
        let piece = 128
        machine.parallelFor((rows + piece - 1) / piece) { index, _ in
            let start = index * piece
            machine.kernels.scale_shift(
                target + start * channels, source + start * channels, scale.pointer, shift.pointer, min(piece, rows - start), channels)
        }
    }
}

/// Sum or product of two tensors of one shape; the sum with a clamp.
struct BinaryLayer: Layer {
    enum Kind: Sendable {
        case add(Epilogue)
        case multiply
    }

    let kind: Kind

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard inputs[0] == inputs[1] else { throw InferenceError("needs two inputs of one shape, got \(inputs[0]) and \(inputs[1])") }
        return [inputs[0]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let (a, b, target) = (inputs[0].pointer, inputs[1].pointer, outputs[0].pointer)
        machine.parallelElements(inputs[0].shape.count) { range in
            let start = range.lowerBound
            switch kind {
            case .add(let epilogue):
                machine.kernels.add(target + start, a + start, b + start, range.count, epilogue.lower, epilogue.upper)
                epilogue.finish(target + start, count: range.count, machine.kernels)
            case .multiply:
                machine.kernels.multiply(target + start, a + start, b + start, range.count)
            }
        }
    }
}

/// `[n, h, w, c]` times `[n, c]`.
struct ScaleChannelsLayer: Layer {
    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0])
        guard inputs[1] == [image.batch, image.channels] else { throw InferenceError("cannot scale the channels of \(inputs[0]) by \(inputs[1])") }
        return [inputs[0]]
    }

    /// Shifts of 0.
    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int { inputs[1][1] }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let image = ImageShape(inputs[0].shape)
        machine.parallelFor(image.batch * image.height) { line, slot in
            let none = machine.scratch(slot: slot), offset = line * image.lineCount
            none.update(repeating: 0, count: image.channels)
            machine.kernels.scale_shift(
                outputs[0].pointer + offset, inputs[0].pointer + offset, inputs[1].pointer + line / image.height * image.channels, none,
                image.width, image.channels)
        }
    }
}

/// `max(x, 0) + slope * min(x, 0)` with a slope for each channel.
struct ParametricReluLayer: Layer {
    private let slopes: AlignedStorage
    private let zeros: AlignedStorage
    /// Few enough that what passes between the kernels stays in the first-level cache.
    private let rowsAtOnce: Int

    init(slopes: [Float]) {
        self.slopes = AlignedStorage(slopes)
        zeros = AlignedStorage([Float](repeating: 0, count: slopes.count))
        rowsAtOnce = max(1, 4096 / slopes.count)
    }

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard inputs[0].extents.last == slopes.count else { throw InferenceError("needs \(slopes.count) channels, got \(inputs[0])") }
        return [inputs[0]]
    }

    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int { rowsAtOnce * slopes.count }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let channels = slopes.count, rows = inputs[0].shape.count / channels, kernels = machine.kernels
        machine.parallelFor((rows + rowsAtOnce - 1) / rowsAtOnce) { index, slot in
            let here = min(rowsAtOnce, rows - index * rowsAtOnce), count = here * channels, offset = index * rowsAtOnce * channels
            let source = inputs[0].pointer + offset, target = outputs[0].pointer + offset, below = machine.scratch(slot: slot)
            kernels.activate(below, source, count, MIEN_CLAMP, -.infinity, 0)
            kernels.scale_shift(below, below, slopes.pointer, zeros.pointer, here, channels)
            kernels.activate(target, source, count, MIEN_CLAMP, 0, .infinity)
            kernels.add(target, target, below, count, -.infinity, .infinity)
        }
    }
}

/// Over the last axis.
struct SoftmaxLayer: Layer {
    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        guard inputs[0].rank > 0 else { throw InferenceError("softmax needs at least one axis") }
        return [inputs[0]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let channels = inputs[0].shape.extents.last ?? 1, rows = inputs[0].shape.count / max(channels, 1)
        let piece = 128
        machine.parallelFor((rows + piece - 1) / piece) { index, _ in
            let start = index * piece
            machine.kernels.softmax(target + start * channels, source + start * channels, min(piece, rows - start), channels)
        }
    }
}
