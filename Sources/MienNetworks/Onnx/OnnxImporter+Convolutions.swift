import InferenceCore

extension OnnxImporter {
    static let convolutions: [String: Handler] = [
        "Conv": { try $0.convolution($1) },
        "ConvTranspose": { try $0.transposedConvolution($1) },
        "Pad": { try $0.pad($1) },
    ]

    private mutating func convolution(_ node: OnnxNode) throws {
        let (input, padding) = try paddedInput(node)
        let weights = try constant(node, 1)
        guard weights.extents.count == 4 else {
            throw node.error("its weights '\(weights.name)' have shape \(Shape(weights.extents)); only two-dimensional convolutions are supported")
        }
        let outputs = weights.extents[0]
        let groups = try node.int("group", default: 1, in: 1...1 << 20)
        let window = try OnnxWindow(node, kernel: Array(weights.extents[2...]), around: padding)
        guard outputs > 0, outputs % groups == 0, input.channels == weights.extents[1] * groups else {
            throw node.error(.mismatch, "weights \(Shape(weights.extents)) in \(groups) groups do not fit an input of \(input.channels) channels")
        }
        let bias = node.input(2) == nil ? nil : try self.weights(node, 2, extents: [outputs])
        switch input.form {
        case .map(_, let height, let width):
            let convolution = Convolution(window: window.window, inputChannels: input.channels, outputChannels: outputs, groups: groups,
                                          weights: try weights.floats(), bias: bias)
            let form = try window.output(node, channels: outputs, height: height, width: width)
            try emit(.convolution(convolution), [input], for: node, form: form)
        case .pooled:
            // Of a window over a single pixel only the tap on that pixel counts; 1x1 is all that is met in practice.
            guard groups == 1, weights.extents[2...] == [1, 1], window.window.padding == .explicit(top: 0, left: 0, bottom: 0, right: 0)
                    || window.window.padding == .same else {
                throw node.error("on an input of one pixel only a dense 1x1 convolution without padding is supported")
            }
            try emit(.linear(weights: try weights.floats(), bias: bias, outputs: outputs), [input], for: node, form: .pooled(channels: outputs))
        case .channelsLast, .row, .array: throw node.error(.mismatch, "its input \(input.extents.shown) is not [n, c, h, w]")
        }
    }

    /// A map and the zeros that a Pad put around it.
    private mutating func paddedInput(_ node: OnnxNode) throws -> (OnnxValue, OnnxPadding) {
        if case .padded(let value, let padding) = try operand(node, 0) { return (value, padding) }
        return (try map(value(node), for: node), OnnxPadding())
    }

    /// Zeros around a map, for the convolution that follows.
    private mutating func pad(_ node: OnnxNode) throws {
        let listed = try node.ints("pads"), number = try node.float("value")
        let pads = try opset < 11 ? listed ?? [] : constant(node, 1).integers()
        let filling = try opset < 11 ? [number ?? 0] : optionalConstant(node, 2)?.floats() ?? [0]
        let axes = try optionalConstant(node, 3)?.integers()
        let mode = try node.string("mode") ?? "constant"
        let input = try map(value(node), for: node)
        guard pads.count % 2 == 0, pads.count / 2 == axes?.count ?? input.rank else { throw node.error(.malformed, "'pads' is \(pads)") }
        // Before and after each axis of the file.
        var around = [[Int]](repeating: [0, 0], count: input.rank)
        for (index, listed) in (axes ?? Array(0..<input.rank)).enumerated() {
            around[try axis(node, listed, of: input)] = [pads[index], pads[index + pads.count / 2]]
        }
        if around.allSatisfy({ $0 == [0, 0] }) { return try define(node, .value(input)) }
        guard case .map = input.form, around[0] == [0, 0], around[1] == [0, 0], around.joined().allSatisfy({ (0...1 << 15).contains($0) }),
              mode == "constant", filling == [0] else {
            throw node.error("only zeros around height and width are supported")
        }
        try define(node, .padded(input, OnnxPadding(top: around[2][0], left: around[3][0], bottom: around[2][1], right: around[3][1])))
    }

    private mutating func transposedConvolution(_ node: OnnxNode) throws {
        let input = try map(value(node), for: node)
        let weights = try constant(node, 1)
        guard case .map(_, let height, let width) = input.form, weights.extents.count == 4 else {
            throw node.error("only two-dimensional convolutions of an input [n, c, h, w] are supported")
        }
        guard try node.int("group", default: 1, in: 1...1 << 20) == 1 else { throw node.error("groups are not supported") }
        guard weights.extents[0] == input.channels, weights.extents[1] > 0 else {
            throw node.error(.mismatch, "weights \(Shape(weights.extents)) do not fit an input of \(input.channels) channels")
        }
        if let shape = try node.ints("output_shape"), !shape.isEmpty { throw node.error("'output_shape' is not supported") }
        if let extra = try node.ints("output_padding"), extra.contains(where: { $0 != 0 }) {
            throw node.error("'output_padding' is not supported")
        }
        let window = try OnnxWindow(node, kernel: Array(weights.extents[2...])).window
        let factor = window.height
        // With a kernel as wide as the stride, SAME asks for no padding either.
        guard window.width == factor, window.strideY == factor, window.strideX == factor, window.dilation == 1,
              window.padding == .explicit(top: 0, left: 0, bottom: 0, right: 0) || window.padding == .same else {
            throw node.error("only a square kernel as large as the stride, without padding, is supported; this one is "
                             + "\(window.height)x\(window.width), stride \(window.strideY)x\(window.strideX), dilation \(window.dilation)")
        }
        let outputs = weights.extents[1]
        let bias = node.input(2) == nil ? nil : try self.weights(node, 2, extents: [outputs])
        let operation = TransposedConvolution(factor: factor, inputChannels: input.channels, outputChannels: outputs,
                                              weights: try weights.floats(), bias: bias)
        let form = OnnxValue.Form.map(channels: outputs, height: height.map { $0 * factor }, width: width.map { $0 * factor })
        try emit(.transposedConvolution(operation), [input], for: node, form: form)
    }
}
