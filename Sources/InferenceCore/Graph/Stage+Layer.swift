internal import CInferenceKernels

extension Stage {
    /// Checks the operation and packs its weights.
    func makeLayer(_ kernels: mien_kernels) throws(InferenceError) -> any Layer {
        let count = residual == nil ? inputs.count : inputs.count + 1
        switch kind {
        case .convolution(let convolution, let activation):
            try check(convolution)
            try expect(count: 1)
            if convolution.isDepthwise, residual == nil {
                return DepthwiseLayer(convolution: DepthwiseConvolution(convolution, activation: activation, kernels: kernels))
            }
            return ConvolutionLayer(
                convolution: DenseConvolution(convolution, activation: activation, kernels: kernels), addsResidual: count == 2, residualLast: residualLast)
        case .transposedConvolution(let convolution, let activation):
            guard convolution.factor > 0, convolution.inputChannels > 0, convolution.outputChannels > 0,
                  convolution.bias.map({ $0.count == convolution.outputChannels }) ?? true else {
                throw InferenceError("a transposed convolution with impossible extents")
            }
            try expect(count: 1)
            return TransposedConvolutionLayer(convolution, activation: activation, addsResidual: count == 2, residualLast: residualLast, kernels: kernels)
        case .block(let expand, let depthwise, let project):
            if let expand { try check(expand.0) }
            try check(depthwise.0)
            try check(project.0)
            guard expand.map({ $0.0.outputChannels == depthwise.0.inputChannels }) ?? true, depthwise.0.outputChannels == project.0.inputChannels else {
                throw InferenceError("the channels of neighbouring convolutions differ")
            }
            return BlockLayer(
                expand: expand.map { DenseConvolution($0.0, activation: $0.1, kernels: kernels) },
                depthwise: DepthwiseConvolution(depthwise.0, activation: depthwise.1, kernels: kernels),
                project: DenseConvolution(project.0, activation: project.1, kernels: kernels), addsResidual: count == 2, residualLast: residualLast)
        case .linear(let weights, let bias, let outputs, let activation):
            try expect(count: 1)
            guard outputs > 0, weights.count % outputs == 0, !weights.isEmpty, bias.map({ $0.count == outputs }) ?? true else {
                throw InferenceError("\(weights.count) weights and \(bias?.count ?? 0) biases do not make \(outputs) outputs")
            }
            return LinearLayer(weights: weights, bias: bias, outputs: outputs, activation: activation, kernels: kernels)
        case .add(let activation):
            try expect(count: 2)
            return BinaryLayer(kind: .add(Epilogue(activation)))
        case .other(let operation):
            return try makeLayer(operation, kernels)
        }
    }

    private func makeLayer(_ operation: Operation, _ kernels: mien_kernels) throws(InferenceError) -> any Layer {
        switch operation {
        case .scaleShift(let scale, let shift):
            try expect(count: 1)
            guard scale.count == shift.count, !scale.isEmpty else { throw InferenceError("\(scale.count) scales but \(shift.count) shifts") }
            return ScaleShiftLayer(scale: scale, shift: shift)
        case .activation(let activation):
            try expect(count: 1)
            return ActivationLayer(activation: activation)
        case .parametricRelu(let slopes):
            try expect(count: 1)
            guard !slopes.isEmpty else { throw InferenceError("no slopes") }
            return ParametricReluLayer(slopes: slopes)
        case .multiply:
            try expect(count: 2)
            return BinaryLayer(kind: .multiply)
        case .scaleChannels:
            try expect(count: 2)
            return ScaleChannelsLayer()
        case .matrixProduct:
            try expect(count: 2)
            return MatrixProductLayer(kernels: kernels)
        case .layerNormalization(let scale, let shift, let epsilon):
            try expect(count: 1)
            guard scale.count == shift.count, !scale.isEmpty else { throw InferenceError("\(scale.count) scales but \(shift.count) shifts") }
            return LayerNormalizationLayer(norm: LayerNormalization(scale: scale, shift: shift, epsilon: epsilon))
        case .maxPool(let window):
            try expect(count: 1)
            try check(window)
            return PoolingLayer(window: window, kind: .maximum)
        case .averagePool(let window, let countsPadding):
            try expect(count: 1)
            try check(window)
            return PoolingLayer(window: window, kind: .average(countsPadding: countsPadding))
        case .globalAveragePool:
            try expect(count: 1)
            return GlobalAveragePoolLayer()
        case .softmax:
            try expect(count: 1)
            return SoftmaxLayer()
        case .concatenate:
            guard !inputs.isEmpty else { throw InferenceError("nothing to concatenate") }
            return ConcatenateLayer()
        case .upsample(let factor, let bilinear):
            try expect(count: 1)
            return UpsampleLayer(factor: factor, bilinear: bilinear)
        case .resize(let height, let width):
            try expect(count: 1)
            return ResizeLayer(height: height, width: width)
        case .flatten:
            try expect(count: 1)
            return FlattenLayer()
        case .reshape(let extents):
            try expect(count: 1)
            return ReshapeLayer(extents: extents)
        case .repeated(let values, let extents):
            try expect(count: 1)
            guard !values.isEmpty, extents.allSatisfy({ $0 > 0 }), Shape(extents).count == values.count else {
                throw InferenceError("\(values.count) values do not fill \(extents)")
            }
            return RepeatedLayer(values: values, extents: extents)
        case .permute(let axes):
            try expect(count: 1)
            return PermuteLayer(axes: axes)
        case .slice(let axis, let start, let count):
            try expect(count: 1)
            return SliceLayer(axis: axis, start: start, count: count)
        case .convolution, .transposedConvolution, .linear, .add:
            preconditionFailure("these have a kind of their own")
        }
    }

    private func expect(count: Int) throws(InferenceError) {
        guard inputs.count == count else { throw InferenceError("needs \(count) inputs, has \(inputs.count)") }
    }

    private func check(_ window: Window) throws(InferenceError) {
        guard window.isValid else { throw InferenceError("a window of impossible extents: \(window)") }
    }

    private func check(_ convolution: Convolution) throws(InferenceError) {
        try check(convolution.window)
        let (inputs, outputs, groups) = (convolution.inputChannels, convolution.outputChannels, convolution.groups)
        guard inputs > 0, outputs > 0, groups > 0, inputs % groups == 0, outputs % groups == 0 else {
            throw InferenceError("\(inputs) input and \(outputs) output channels in \(groups) groups")
        }
        guard convolution.bias.map({ $0.count == outputs }) ?? true else {
            throw InferenceError("\(convolution.bias?.count ?? 0) biases for \(outputs) channels")
        }
    }
}
