internal import CInferenceKernels

/// A dense or grouped convolution with packed weights, computed a few output lines at a time.
///
/// The kernels read the picture itself: the window's lines are segments of the product's k axis. Only a window that reaches into the
/// padding needs a copy, of the lines at hand with zeros around them.
struct DenseConvolution: Sendable {
    let window: Window
    let inputChannels: Int
    let outputChannels: Int
    let groups: Int
    let epilogue: Epilogue
    private let packed: [PackedMatrix]

    init(_ convolution: Convolution, activation: Activation?, kernels: mien_kernels) {
        window = convolution.window
        inputChannels = convolution.inputChannels
        outputChannels = convolution.outputChannels
        groups = convolution.groups
        epilogue = Epilogue(activation)
        let (taps, inputs, outputs) = (window.height * window.width, inputChannels / groups, outputChannels / groups)
        packed = (0..<convolution.groups).map { group in
            // [outputs, inputs, taps] to [outputs, taps, inputs]: the order in which a window lies in a channels-last picture.
            var weights = [Float](repeating: 0, count: outputs * inputs * taps)
            for output in 0..<outputs {
                for input in 0..<inputs {
                    for tap in 0..<taps {
                        let source = ((group * outputs + output) * inputs + input) * taps + tap
                        weights[(output * taps + tap) * inputs + input] = convolution.weights[source]
                    }
                }
            }
            let bias = convolution.bias.map { Array($0[group * outputs..<(group + 1) * outputs]) }
            return PackedMatrix(
                weights, rows: taps * inputs, columns: outputs, rowStride: 1, columnStride: taps * inputs, bias: bias, kernels: kernels)
        }
    }

    /// One pixel in, one pixel out: a matrix product over all pixels.
    var isPointwise: Bool {
        window.height == 1 && window.width == 1 && window.strideX == 1 && window.strideY == 1 && groups == 1 && !isPadded
    }

    private var isPadded: Bool {
        switch window.padding {
        case .explicit(let top, let left, let bottom, let right): max(top, left, bottom, right) > 0
        // A window no larger than its stride never reaches beyond the last pixel by more than the pixels it skips.
        case .same: window.height > 1 || window.width > 1
        }
    }

    private func padded(_ place: Placement, lines: Int) -> (height: Int, width: Int) {
        (
            (lines - 1) * window.strideY + (window.height - 1) * window.dilation + 1,
            (place.width - 1) * window.strideX + (window.width - 1) * window.dilation + 1
        )
    }

    /// Floats of scratch for `lines` output lines at a time.
    func scratchCount(_ place: Placement, lines: Int) -> Int {
        guard isPadded else { return 0 }
        let (height, width) = padded(place, lines: lines)
        return roundUp(height * width * inputChannels, to: 16)
    }

    /// Parts of the output channels that threads can compute on their own: at most `count`, fewer if there are not enough.
    func channelParts(_ count: Int, _ kernels: mien_kernels) -> [Range<Int>] {
        guard groups == 1, count > 1 else { return [0..<outputChannels] }
        let cuts = (0...count).map { kernels.column_cut(outputChannels, outputChannels * $0 / count) }
        return zip(cuts, cuts.dropFirst()).filter { $0 < $1 }.map { $0..<$1 }
    }

    /// Computes output lines `lines` of one picture.
    ///
    /// - Parameters:
    ///   - channels: Those to compute, of `channelParts`.
    ///   - destination: line `lines.lowerBound`, whose lines are `linePitch` floats apart.
    ///   - residual: added, from the same place and with the same pitch as `destination`.
    func compute(
        _ source: UnsafePointer<Float>, _ image: ImageShape, _ place: Placement, lines: Range<Int>, channels: Range<Int>? = nil,
        to destination: UnsafeMutablePointer<Float>, linePitch: Int, residual: UnsafePointer<Float>? = nil, residualLast: Bool = false,
        scratch: UnsafeMutablePointer<Float>, _ kernels: mien_kernels
    ) {
        let channels = channels ?? 0..<outputChannels
        var origin = source + lines.lowerBound * window.strideY * image.lineCount
        var sourcePitch = image.lineCount
        if isPadded {
            copyPadded(source, image, place, lines: lines, to: scratch)
            origin = UnsafePointer(scratch)
            sourcePitch = padded(place, lines: 1).width * inputChannels
        }
        let inputs = inputChannels / groups
        let wholeLines = groups == 1 && window.dilation == 1
        let segments = wholeLines ? window.height : window.height * window.width
        withUnsafeTemporaryAllocation(of: Int.self, capacity: segments) { offsets in
            for segment in 0..<segments {
                let (ky, kx) = wholeLines ? (segment, 0) : (segment / window.width, segment % window.width)
                offsets[segment] = ky * window.dilation * sourcePitch + kx * window.dilation * inputChannels
            }
            for (group, matrix) in packed.enumerated() {
                let outputs = outputChannels / groups
                var product = matrix.product(
                    rows: lines.count * place.width, from: origin + group * inputs, pitch: window.strideX * inputChannels,
                    to: destination + group * outputs, pitch: outputChannels, epilogue)
                if groups == 1 { (product.first_column, product.end_column) = (channels.lowerBound, channels.upperBound) }
                product.line_rows = place.width
                product.a_line_pitch = window.strideY * sourcePitch
                product.c_line_pitch = linePitch
                product.segments = segments
                product.segment_length = wholeLines ? window.width * inputChannels : inputs
                product.segment_offsets = UnsafePointer(offsets.baseAddress)
                if let residual {
                    product.residual = residual + group * outputs
                    product.residual_row_pitch = outputChannels
                    product.residual_line_pitch = linePitch
                    product.residual_last = residualLast
                }
                kernels.product(&product)
            }
        }
        guard epilogue.later != nil else { return }
        for line in 0..<lines.count {
            let start = destination + line * linePitch + channels.lowerBound
            if channels.count == outputChannels {
                epilogue.finish(start, count: place.width * outputChannels, kernels)
            } else {
                for x in 0..<place.width { epilogue.finish(start + x * outputChannels, count: channels.count, kernels) }
            }
        }
    }

    private func copyPadded(
        _ source: UnsafePointer<Float>, _ image: ImageShape, _ place: Placement, lines: Range<Int>, to scratch: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = padded(place, lines: lines.count)
        let first = lines.lowerBound * window.strideY - place.top
        let inside = max(0, min(image.width, width - place.left))
        let after = width - place.left - inside
        for line in 0..<height {
            let target = scratch + line * width * inputChannels
            let y = first + line
            guard y >= 0, y < image.height else {
                target.update(repeating: 0, count: width * inputChannels)
                continue
            }
            target.update(repeating: 0, count: place.left * inputChannels)
            (target + place.left * inputChannels).update(from: source + y * image.lineCount, count: inside * inputChannels)
            if after > 0 { (target + (place.left + inside) * inputChannels).update(repeating: 0, count: after * inputChannels) }
        }
    }
}
