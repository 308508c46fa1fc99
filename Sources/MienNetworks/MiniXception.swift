package import InferenceCore

/// Mini-Xception: a small network that tells seven facial expressions apart (Arriaga, Valdenegro-Toro and Plöger, "Real-time
/// Convolutional Neural Networks for Emotion and Gender Classification", 2017), as trained for the Python package `fer`.
///
/// Two 3x3 convolutions, four residual modules of two separable convolutions each, a 3x3 convolution to the classes and the mean over the
/// picture. Weights come from a safetensors file with the names and layouts of the Keras checkpoint (`import_hdf5.py` writes it).
package enum MiniXception {
    /// Height and width of the input, which is grey, scaled to -1...1: `[n, 64, 64, 1]`.
    package static let inputExtent = 64
    /// What the outputs stand for, in their order.
    package static let classes = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    package static let inputName = "picture"
    /// `[n, 7]` before the softmax.
    package static let logitsName = "logits"
    /// `[n, 7]`, each row sums to 1.
    package static let probabilitiesName = "probabilities"

    /// Builds the network from the weights in `file`.
    ///
    /// - Throws: `ModelFileError`: `.missing` with the layer and kind of the tensor that is not there, `.mismatch` where shapes do not
    ///   follow from one another, `.unsupported` if the file holds more than this network.
    package static func graph(from file: Safetensors) throws(ModelFileError) -> Graph {
        var layers = try KerasLayers(file)
        let input = layers.graph.addInput(inputName, channels: 1)
        var x = try layers.convolution("conv2d_1", of: input, from: 1, extent: 3, padding: nil)
        x = try layers.normalization("batch_normalization_1", of: x)
        x = layers.add(.activation(.relu), of: x, "activation_1")
        x = try layers.convolution("conv2d_2", of: x, extent: 3, padding: nil)
        x = try layers.normalization("batch_normalization_2", of: x)
        x = layers.add(.activation(.relu), of: x, "activation_2")
        for module in 1...4 {
            // Keras numbered the layers in the order they were made: the shortcut's normalisation comes first.
            let norm = 3 * module
            var short = try layers.convolution("conv2d_\(module + 2)", of: x, extent: 1, stride: 2, padding: .same)
            short = try layers.normalization("batch_normalization_\(norm)", of: short)
            var y = try layers.separable("separable_conv2d_\(2 * module - 1)", of: x)
            y = try layers.normalization("batch_normalization_\(norm + 1)", of: y)
            y = layers.add(.activation(.relu), of: y, "activation_\(module + 2)")
            y = try layers.separable("separable_conv2d_\(2 * module)", of: y)
            y = try layers.normalization("batch_normalization_\(norm + 2)", of: y)
            y = layers.add(.maxPool(Window(height: 3, width: 3, strideY: 2, strideX: 2, padding: .same)), of: y, "max_pooling2d_\(module)")
            x = try layers.sum("add_\(module)", y, short)
        }
        x = try layers.convolution("conv2d_7", of: x, extent: 3, padding: .same, outputs: classes.count, hasBias: true)
        x = layers.add(.globalAveragePool, of: x, "global_average_pooling2d_1")
        layers.graph.addOutput(logitsName, x.value)
        x = layers.add(.softmax, of: x, "predictions")
        layers.graph.addOutput(probabilitiesName, x.value)
        try layers.finish()
        return layers.graph
    }
}

/// Layers of a Keras checkpoint, found by the name of the layer and the kind of the weight.
private struct KerasLayers {
    struct Tap {
        let value: Graph.Value
        let channels: Int
    }

    var graph = Graph()
    private let file: Safetensors
    /// Full name by "layer/kind": Keras puts the layer's name, sometimes with a suffix, in between.
    private var names: [String: String] = [:]

    init(_ file: Safetensors) throws(ModelFileError) {
        self.file = file
        for name in file.names {
            let parts = name.split(separator: "/")
            guard parts.count >= 2, parts.last!.hasSuffix(":0") else {
                throw ModelFileError(.unsupported, file: file.path, "'\(name)' is not the name of a Keras weight (layer/.../kind:0)")
            }
            let key = "\(parts.first!)/\(parts.last!.dropLast(2))"
            if let other = names.updateValue(name, forKey: key) {
                throw ModelFileError(.mismatch, file: file.path, "'\(other)' and '\(name)' are the same weight")
            }
        }
    }

    func finish() throws(ModelFileError) {
        if let extra = names.values.min() {
            throw ModelFileError(.unsupported, file: file.path, "tensor '\(extra)' is not part of this network")
        }
    }

    // MARK: Layers

    mutating func add(_ operation: Operation, of x: Tap, _ name: String) -> Tap {
        Tap(value: graph.add(operation, x.value, name: name), channels: x.channels)
    }

    mutating func sum(_ name: String, _ x: Tap, _ y: Tap) throws(ModelFileError) -> Tap {
        guard x.channels == y.channels else {
            throw ModelFileError(.mismatch, file: file.path, "layer '\(name)' would add \(x.channels) and \(y.channels) channels")
        }
        return Tap(value: graph.add(.add, x.value, y.value, name: name), channels: x.channels)
    }

    mutating func convolution(
        _ layer: String, of value: Graph.Value, from channels: Int, extent: Int, padding: Padding?
    ) throws(ModelFileError) -> Tap {
        try convolution(layer, of: Tap(value: value, channels: channels), extent: extent, padding: padding)
    }

    /// A convolution whose kernel is `[extent, extent, inputs, outputs]` in the file; nil padding is Keras' "valid".
    mutating func convolution(
        _ layer: String, of x: Tap, extent: Int, stride: Int = 1, padding: Padding?, outputs: Int? = nil, hasBias: Bool = false
    ) throws(ModelFileError) -> Tap {
        let (kernel, shape) = try weights(layer, "kernel", [extent, extent, x.channels, outputs])
        let bias = hasBias ? try weights(layer, "bias", [shape[3]]).values : nil
        let window = Window(height: extent, width: extent, strideY: stride, strideX: stride,
                            padding: padding ?? .explicit(top: 0, left: 0, bottom: 0, right: 0))
        let operation = Convolution(window: window, inputChannels: x.channels, outputChannels: shape[3],
                                    weights: outputsFirst(kernel, taps: extent * extent, inputs: x.channels, outputs: shape[3]), bias: bias)
        return Tap(value: graph.add(.convolution(operation), x.value, name: layer), channels: shape[3])
    }

    /// A 3x3 convolution of each channel by itself, then a 1x1 convolution across the channels; padding "same", no bias.
    mutating func separable(_ layer: String, of x: Tap) throws(ModelFileError) -> Tap {
        let depthwise = try weights(layer, "depthwise_kernel", [3, 3, x.channels, 1]).values
        let (pointwise, shape) = try weights(layer, "pointwise_kernel", [1, 1, x.channels, nil])
        let spread = Convolution(window: Window(height: 3, width: 3, padding: .same), inputChannels: x.channels, outputChannels: x.channels,
                                 groups: x.channels, weights: outputsFirst(depthwise, taps: 9, inputs: 1, outputs: x.channels), bias: nil)
        let mix = Convolution(window: Window(height: 1, width: 1), inputChannels: x.channels, outputChannels: shape[3],
                              weights: outputsFirst(pointwise, taps: 1, inputs: x.channels, outputs: shape[3]), bias: nil)
        let spreaded = graph.add(.convolution(spread), x.value, name: layer + "/depthwise")
        return Tap(value: graph.add(.convolution(mix), spreaded, name: layer + "/pointwise"), channels: shape[3])
    }

    mutating func normalization(_ layer: String, of x: Tap) throws(ModelFileError) -> Tap {
        let gamma = try weights(layer, "gamma", [x.channels]).values, beta = try weights(layer, "beta", [x.channels]).values
        let mean = try weights(layer, "moving_mean", [x.channels]).values
        let variance = try weights(layer, "moving_variance", [x.channels]).values
        guard variance.allSatisfy({ $0 >= 0 }) else {
            throw ModelFileError(.malformed, file: file.path, "layer '\(layer)' has a negative variance")
        }
        // Keras' epsilon; in f64, so that folding adds no error of its own.
        let scale = zip(gamma, variance).map { Double($0) / (Double($1) + 1e-3).squareRoot() }
        let shift = (0..<x.channels).map { Float(Double(beta[$0]) - Double(mean[$0]) * scale[$0]) }
        return add(.scaleShift(scale: scale.map(Float.init), shift: shift), of: x, layer)
    }

    // MARK: Weights

    /// Takes a weight out of the file; nil extents are free.
    private mutating func weights(
        _ layer: String, _ kind: String, _ expected: [Int?]
    ) throws(ModelFileError) -> (values: [Float], extents: [Int]) {
        guard let name = names.removeValue(forKey: "\(layer)/\(kind)") else {
            throw ModelFileError(.missing, file: file.path, "layer '\(layer)' has no \(kind)")
        }
        let extents = try file.tensor(named: name).shape.extents
        guard extents.count == expected.count, zip(extents, expected).allSatisfy({ $1 == nil ? $0 > 0 : $0 == $1 }) else {
            let wanted = expected.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
            throw ModelFileError(.mismatch, file: file.path, "\(kind) of layer '\(layer)' has shape \(Shape(extents)), expected [\(wanted)]")
        }
        return (try file.floats(named: name), extents)
    }

    /// From Keras' `[taps, inputs, outputs]` to `[outputs, inputs, taps]`.
    private func outputsFirst(_ kernel: [Float], taps: Int, inputs: Int, outputs: Int) -> [Float] {
        var result = [Float](repeating: 0, count: kernel.count)
        for tap in 0..<taps {
            for input in 0..<inputs {
                for output in 0..<outputs {
                    result[(output * inputs + input) * taps + tap] = kernel[(tap * inputs + input) * outputs + output]
                }
            }
        }
        return result
    }
}
