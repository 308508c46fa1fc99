/// A node of the graph while it is being optimised: what one layer will compute.
struct Stage {
    enum Kind {
        case convolution(Convolution, Activation?)
        case transposedConvolution(TransposedConvolution, Activation?)
        case block(expand: (Convolution, Activation?)?, depthwise: (Convolution, Activation?), project: (Convolution, Activation?))
        case linear(weights: [Float], bias: [Float]?, outputs: Int, Activation?)
        case add(Activation?)
        case other(Operation)
    }

    /// Names of the nodes in it.
    var names: [String]
    var kind: Kind
    /// The operation's own inputs.
    var inputs: [Int]
    var output: Int
    /// A value that is added to the result, before the activation or (`residualLast`) after it.
    var residual: Int?
    var residualLast = false

    var allInputs: [Int] { inputs + (residual.map { [$0] } ?? []) }
    var name: String { names.joined(separator: "+") }

    /// The activation at the end; nil in the outer optional for kinds that cannot have one.
    var activation: Activation?? {
        switch kind {
        case .convolution(_, let activation), .transposedConvolution(_, let activation), .add(let activation): .some(activation)
        case .linear(_, _, _, let activation): .some(activation)
        case .block(_, _, let project): .some(project.1)
        case .other: nil
        }
    }
}

extension Convolution {
    var isDepthwise: Bool { groups > 1 && groups == inputChannels && outputChannels == inputChannels && window.strideX > 0 }

    var isPointwise: Bool {
        guard groups == 1, window.height == 1, window.width == 1, window.strideX == 1, window.strideY == 1 else { return false }
        return window.padding == .same || window.padding == .explicit(top: 0, left: 0, bottom: 0, right: 0)
    }

    /// The convolution followed by `x * scale + shift`, as one.
    func scaled(by scale: [Float], shift: [Float]) -> Convolution {
        var result = self
        let count = weights.count / max(outputChannels, 1)
        for output in 0..<outputChannels {
            for index in output * count..<(output + 1) * count { result.weights[index] *= scale[output] }
        }
        result.bias = (0..<outputChannels).map { (bias?[$0] ?? 0) * scale[$0] + shift[$0] }
        return result
    }
}

extension TransposedConvolution {
    func scaled(by scale: [Float], shift: [Float]) -> TransposedConvolution {
        var result = self
        let taps = factor * factor
        for index in weights.indices { result.weights[index] *= scale[index / taps % outputChannels] }
        result.bias = (0..<outputChannels).map { (bias?[$0] ?? 0) * scale[$0] + shift[$0] }
        return result
    }
}
