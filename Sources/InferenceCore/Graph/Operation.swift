/// What a node of a graph does.
package enum Operation: Sendable {
    /// 2-D convolution; see `Convolution`.
    case convolution(Convolution)
    /// 2-D transposed convolution; see `TransposedConvolution`.
    case transposedConvolution(TransposedConvolution)
    /// `y = x * scale[c] + shift[c]` per channel: batch normalisation at inference, with the statistics folded in.
    case scaleShift(scale: [Float], shift: [Float])
    case activation(Activation)
    /// `y = x < 0 ? x * slopes[c] : x` per channel (PReLU).
    case parametricRelu(slopes: [Float])
    /// Element by element; both inputs have the same shape.
    case add
    case multiply
    /// `[n, h, w, c]` times `[n, c]`, each channel of each picture by its own factor, as squeeze-and-excitation does it.
    case scaleChannels
    case maxPool(Window)
    /// Padding does not count towards the mean unless `countsPadding`.
    case averagePool(Window, countsPadding: Bool)
    /// `[n, h, w, c]` to `[n, c]`.
    case globalAveragePool
    /// `y = x * weights^T + bias`: weights `[outputs, inputs]`, row-major; x has any rank and is read as rows of its last axis.
    case linear(weights: [Float], bias: [Float]?, outputs: Int)
    /// `[..., m, k]` times `[..., k, n]`, the axes before the last two being the same.
    case matrixProduct
    /// Over the last axis.
    case softmax
    /// `y = (x - mean) / sqrt(variance + epsilon) * scale + shift` over the last axis.
    case layerNormalization(scale: [Float], shift: [Float], epsilon: Float)
    /// Along the last axis.
    case concatenate
    /// Bilinear with half-pixel centres, or nearest, by whole factors.
    case upsample(factor: Int, bilinear: Bool)
    /// Bilinear with half-pixel centres, to a height and width; smaller ones skip pixels, as without antialiasing.
    case resize(height: Int, width: Int)
    /// `[n, h, w, c]` to `[n, h * w * c]`, in the order of memory.
    case flatten
    /// To other extents, in the order of memory; one of them may be nil for what is left over.
    case reshape([Int?])
    /// `[n, extents...]`: the same values for each example of the input, of which only the first extent counts.
    case repeated([Float], extents: [Int])
    /// Axis i of the result is axis `axes[i]` of the input.
    case permute(axes: [Int])
    /// Of the elements along an axis only those from `start` on, `count` of them.
    case slice(axis: Int, start: Int, count: Int)
}

package enum Activation: Sendable, Hashable {
    case relu
    /// `min(max(x, lower), upper)`; ReLU6 is `clip(0, 6)`.
    case clip(Float, Float)
    case leakyRelu(Float)
    case sigmoid
    case hardSwish
    case silu
    case tanh
    /// `x * Phi(x)`, with the distribution function of the normal distribution.
    case gelu
    /// The approximation of GELU through the hyperbolic tangent.
    case geluTanh
}

/// Extents, strides and padding of a sliding window.
package struct Window: Sendable, Hashable {
    package var height: Int
    package var width: Int
    package var strideY: Int
    package var strideX: Int
    package var dilation: Int
    package var padding: Padding

    package init(height: Int, width: Int, strideY: Int = 1, strideX: Int = 1, dilation: Int = 1, padding: Padding = .explicit(top: 0, left: 0, bottom: 0, right: 0)) {
        self.height = height
        self.width = width
        self.strideY = strideY
        self.strideX = strideX
        self.dilation = dilation
        self.padding = padding
    }
}

package enum Padding: Sendable, Hashable {
    case explicit(top: Int, left: Int, bottom: Int, right: Int)
    /// Output extent is `ceil(input / stride)`; the odd pixel goes to the bottom and right (TensorFlow, ONNX SAME_UPPER).
    case same
}

/// A 2-D convolution (cross-correlation, as networks use the word).
package struct Convolution: Sendable {
    package var window: Window
    package var inputChannels: Int
    package var outputChannels: Int
    /// 1: dense. Equal to `inputChannels` (and `outputChannels` a multiple of it): depthwise. Anything between: grouped.
    package var groups: Int
    /// `[outputChannels, inputChannels / groups, height, width]`, row-major: the order of ONNX and PyTorch.
    package var weights: [Float]
    /// `[outputChannels]`.
    package var bias: [Float]?

    package init(window: Window, inputChannels: Int, outputChannels: Int, groups: Int = 1, weights: [Float], bias: [Float]?) {
        precondition(weights.count == outputChannels * (inputChannels / groups) * window.height * window.width, "weights fit the extents")
        self.window = window
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.groups = groups
        self.weights = weights
        self.bias = bias
    }
}

/// A 2-D transposed convolution without groups whose window tiles the output: kernel = stride, no padding. That is what
/// up-sampling necks use (2x2, stride 2); anything else is refused by the importer.
package struct TransposedConvolution: Sendable {
    package var factor: Int
    package var inputChannels: Int
    package var outputChannels: Int
    /// `[inputChannels, outputChannels, factor, factor]`, row-major: the order of ONNX and PyTorch.
    package var weights: [Float]
    package var bias: [Float]?

    package init(factor: Int, inputChannels: Int, outputChannels: Int, weights: [Float], bias: [Float]?) {
        precondition(weights.count == inputChannels * outputChannels * factor * factor, "weights fit the extents")
        self.factor = factor
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.weights = weights
        self.bias = bias
    }
}
