internal import CInferenceKernels

/// A convolution along time, `y[t, o] = bias[o] + sum over tap and i of w[o, i, tap] * x[t * stride + tap, i]`, for a caller that keeps
/// padding in its own memory: sequences lie frame by frame, and whatever the first and last windows reach must be there.
package struct FrameConvolution: Sendable {
    package let inputs: Int
    package let outputs: Int
    package let taps: Int
    private let stride: Int
    private let matrix: PackedMatrix
    private let epilogue: Epilogue
    private let kernels: mien_kernels

    /// - Parameters:
    ///   - weights: `[outputs, inputs, taps]`, row-major.
    ///   - bias: One for each output, or nil for zeros.
    package init(_ weights: [Float], bias: [Float]?, inputs: Int, taps: Int, stride: Int = 1, activation: Activation? = nil) {
        self.init(weights, bias: bias, inputs: inputs, taps: taps, stride: stride, activation: activation, kernels: Kernels.table)
    }

    init(_ weights: [Float], bias: [Float]?, inputs: Int, taps: Int, stride: Int, activation: Activation?, kernels: mien_kernels) {
        precondition(inputs > 0 && taps > 0 && stride > 0 && weights.count % (inputs * taps) == 0, "weights are [outputs, \(inputs), \(taps)]")
        (self.inputs, self.taps, self.stride, self.kernels) = (inputs, taps, stride, kernels)
        outputs = weights.count / (inputs * taps)
        precondition(bias == nil || bias?.count == outputs, "a bias for each output")
        epilogue = Epilogue(activation)
        // To [outputs, taps, inputs], the order in which a window lies in memory.
        var ordered = [Float](repeating: 0, count: weights.count)
        for output in 0..<outputs {
            for input in 0..<inputs {
                for tap in 0..<taps { ordered[(output * taps + tap) * inputs + input] = weights[(output * inputs + input) * taps + tap] }
            }
        }
        matrix = PackedMatrix(ordered, rows: taps * inputs, columns: outputs, rowStride: 1, columnStride: taps * inputs, bias: bias, kernels: kernels)
    }

    /// Computes `frames` outputs of each of `sequences` sequences. The result of a frame does not depend on how many there are.
    ///
    /// - Parameters:
    ///   - source: `[(frames - 1) * stride + taps, inputs]` for each sequence; sequences start `sourcePitch` floats apart.
    ///   - destination: `[frames, outputs]` for each sequence, `destinationPitch` floats apart. Nothing in between is written.
    package func run(_ source: UnsafePointer<Float>, sequences: Int, sourcePitch: Int, frames: Int, to destination: UnsafeMutablePointer<Float>,
                     destinationPitch: Int) {
        guard sequences > 0, frames > 0 else { return }
        var product = matrix.product(rows: sequences * frames, from: source, pitch: stride * inputs, to: destination, pitch: outputs, epilogue)
        product.line_rows = frames
        product.a_line_pitch = sourcePitch
        product.c_line_pitch = destinationPitch
        kernels.product(&product)
        guard epilogue.later != nil else { return }
        for sequence in 0..<sequences { epilogue.finish(destination + sequence * destinationPitch, count: frames * outputs, kernels) }
    }
}

/// `target[i] = sqrt(re[i]^2 + im[i]^2)`: magnitudes of a spectrum.
package func magnitudes(_ re: UnsafePointer<Float>, _ im: UnsafePointer<Float>, count: Int, to target: UnsafeMutablePointer<Float>) {
    Kernels.table.magnitude(target, re, im, count)
}
