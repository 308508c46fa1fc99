internal import CInferenceKernels

/// A depthwise convolution with packed weights, computed line by line.
struct DepthwiseConvolution: Sendable {
    let window: Window
    let channels: Int
    let epilogue: Epilogue
    private let weights: AlignedStorage

    init(_ convolution: Convolution, activation: Activation?, kernels: mien_kernels) {
        window = convolution.window
        channels = convolution.inputChannels
        epilogue = Epilogue(activation)
        let taps = window.height * window.width
        let padded = roundUp(channels, to: kernels.lanes)
        weights = AlignedStorage(count: (1 + taps) * padded)
        weights.pointer.initialize(repeating: 0, count: weights.count)
        for channel in 0..<channels {
            weights.pointer[channel] = convolution.bias?[channel] ?? 0
            for tap in 0..<taps { weights.pointer[(1 + tap) * padded + channel] = convolution.weights[channel * taps + tap] }
        }
    }

    /// Computes columns `columns` of output lines `lines` (of which there are not many: two are as fast as it gets).
    ///
    /// - Parameters:
    ///   - destination: line `lines.lowerBound`, column `columns.lowerBound`; the lines are `linePitch` floats apart.
    ///   - line: gives input line 0..<height; not asked for lines in the padding.
    func compute(
        lines: Range<Int>, columns: Range<Int>, _ image: ImageShape, _ place: Placement, to destination: UnsafeMutablePointer<Float>, linePitch: Int,
        _ kernels: mien_kernels, line: (Int) -> UnsafePointer<Float>
    ) {
        window.withLines(lines, of: image, place, line: line) { work in
            work.output = destination
            work.output_pitch = linePitch
            work.weights = UnsafePointer(weights.pointer)
            work.x_begin = columns.lowerBound
            work.x_end = columns.upperBound
            work.lower = epilogue.lower
            work.upper = epilogue.upper
            kernels.depthwise(&work)
        }
        guard epilogue.later != nil else { return }
        for y in 0..<lines.count { epilogue.finish(destination + y * linePitch, count: columns.count * channels, kernels) }
    }
}

extension Window {
    /// Prepares a window kernel's work on output lines `lines`, all columns; the caller adds the destination.
    func withLines(
        _ lines: Range<Int>, of image: ImageShape, _ place: Placement, line: (Int) -> UnsafePointer<Float>, _ body: (inout mien_window_lines) -> Void
    ) {
        let count = (lines.count - 1) * strideY + (height - 1) * dilation + 1
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { pointers in
            for index in 0..<count {
                let row = lines.lowerBound * strideY - place.top + index
                pointers[index] = row >= 0 && row < image.height ? line(row) : nil
            }
            var work = mien_window_lines()
            work.lines = UnsafePointer(pointers.baseAddress)
            work.output_lines = lines.count
            work.channels = image.channels
            work.input_width = image.width
            work.x_end = place.width
            work.window_height = height
            work.window_width = width
            work.stride_y = strideY
            work.stride_x = strideX
            work.dilation = dilation
            work.pad_left = place.left
            body(&work)
        }
    }
}

struct DepthwiseLayer: Layer {
    let convolution: DepthwiseConvolution

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        [try convolution.window.outputShape(try expectImage(inputs[0], channels: convolution.channels), channels: convolution.channels)]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let image = ImageShape(inputs[0].shape), output = ImageShape(outputs[0].shape)
        let place = convolution.window.place(over: image)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let pairs = (output.height + 1) / 2
        machine.parallelFor(output.batch * pairs) { index, _ in
            let (item, pair) = index.quotientAndRemainder(dividingBy: pairs)
            let lines = 2 * pair..<min(2 * pair + 2, output.height)
            convolution.compute(
                lines: lines, columns: 0..<output.width, image, place, to: target + item * output.imageCount + lines.lowerBound * output.lineCount,
                linePitch: output.lineCount, machine.kernels
            ) { row in
                source + item * image.imageCount + row * image.lineCount
            }
        }
    }
}
