import InferenceCore

extension OnnxImporter {
    static let resampling: [String: Handler] = [
        "Upsample": { try $0.upsample($1) },
        "Resize": { try $0.resize($1) },
    ]

    /// Opsets 7 to 9. Coordinates are x / scale.
    private mutating func upsample(_ node: OnnxNode) throws {
        let scales = try opset < 9 ? node.floats("scales") ?? [] : constant(node, 1).floats()
        let mode = try node.string("mode") ?? "nearest"
        let factor = try wholeFactor(node, scales)
        guard mode == "nearest" || factor == 1 else {
            throw node.error("mode '\(mode)' with coordinates x / scale is not supported, only nearest")
        }
        try upsample(node, factor: factor, bilinear: false)
    }

    private mutating func resize(_ node: OnnxNode) throws {
        let mode = try node.string("mode") ?? "nearest"
        let coordinates = try opset < 11 ? "asymmetric" : node.string("coordinate_transformation_mode") ?? "half_pixel"
        let rounding = try opset < 11 ? "floor" : node.string("nearest_mode") ?? "round_prefer_floor"
        try node.require("antialias", 0, "'antialias' is not supported")
        try node.require("exclude_outside", 0, "'exclude_outside' is not supported")
        if let axes = try node.ints("axes"), axes != [0, 1, 2, 3] { throw node.error("'axes' is not supported") }
        if let policy = try node.string("keep_aspect_ratio_policy"), policy != "stretch" {
            throw node.error("keep_aspect_ratio_policy '\(policy)' is not supported")
        }
        node.ignore("cubic_coeff_a", "extrapolation_value") // of modes that are refused
        let centred = coordinates == "half_pixel" || coordinates == "pytorch_half_pixel" || coordinates == "half_pixel_symmetric"
        guard let factor = try resizeFactor(node) else {
            guard mode == "linear", centred else { throw node.error("by other than a whole factor only linear with coordinates half_pixel is supported") }
            return try resizeToSizes(node)
        }
        if factor == 1 { return try upsample(node, factor: 1, bilinear: false) }
        switch mode {
        case "linear":
            guard centred else { throw node.error("linear with coordinates '\(coordinates)' is not supported, only half_pixel") }
            try upsample(node, factor: factor, bilinear: true)
        case "nearest":
            // By a whole factor these all repeat each pixel; other combinations shift the picture.
            let rounds = rounding == "round_prefer_floor" || rounding == "round_prefer_ceil"
            let cuts = rounding == "floor" || rounding == "round_prefer_floor" && factor == 2
            let repeats = centred && rounds || coordinates == "asymmetric" && cuts
            guard repeats else {
                throw node.error("nearest with coordinates '\(coordinates)' and rounding '\(rounding)' is not supported")
            }
            try upsample(node, factor: factor, bilinear: false)
        default: throw node.error("mode '\(mode)' is not supported")
        }
    }

    private mutating func upsample(_ node: OnnxNode, factor: Int, bilinear: Bool) throws {
        let input = try map(value(node), for: node)
        guard case .map(let channels, let height, let width) = input.form else {
            throw node.error("its input is not [n, c, h, w] with a height and width")
        }
        if factor == 1 { return try define(node, .value(input)) }
        let form = OnnxValue.Form.map(channels: channels, height: height.map { $0 * factor }, width: width.map { $0 * factor })
        try emit(.upsample(factor: factor, bilinear: bilinear), [input], for: node, form: form)
    }

    /// nil if the file gives sizes that are not the same whole multiple of a declared height and width.
    private mutating func resizeFactor(_ node: OnnxNode) throws -> Int? {
        if opset < 11 { return try wholeFactor(node, constant(node, 1).floats()) }
        if let scales = try optionalConstant(node, 2), scales.count > 0 { return try wholeFactor(node, scales.floats()) }
        let (rows, columns) = try sizes(node)
        guard case .map(_, let height?, let width?) = try map(value(node), for: node).form, rows % height == 0, columns % width == 0,
              rows / height == columns / width, rows / height <= 64 else { return nil }
        return rows / height
    }

    private func sizes(_ node: OnnxNode) throws -> (height: Int, width: Int) {
        guard node.input(3) != nil else { throw node.error(.malformed, "it has neither scales nor sizes") }
        let sizes: [OnnxExtent]
        switch try operand(node, 3) {
        case .constant(let tensor): sizes = try tensor.integers().map { .known($0) }
        case .extents(let extents): sizes = extents
        case .value, .padded, .repeated: throw node.error("its sizes are not a constant")
        }
        guard sizes.count == 4, case .known(let height) = sizes[2], case .known(let width) = sizes[3],
              (1...Self.extentLimit).contains(height), (1...Self.extentLimit).contains(width) else {
            throw node.error("sizes \(sizes.shown) are not supported: height and width have to be known")
        }
        return (height, width)
    }

    private mutating func resizeToSizes(_ node: OnnxNode) throws {
        let input = try map(value(node), for: node), (height, width) = try sizes(node)
        guard case .map(let channels, _, _) = input.form else { throw node.error("its input is not [n, c, h, w] with a height and width") }
        try emit(.resize(height: height, width: width), [input], for: node, form: .map(channels: channels, height: height, width: width))
    }

    private func wholeFactor(_ node: OnnxNode, _ scales: [Float]) throws -> Int {
        guard scales.count == 4, scales[0] == 1, scales[1] == 1, scales[2] == scales[3], (1...64).contains(scales[2]),
              scales[2] == scales[2].rounded() else {
            throw node.error("scales \(scales) are not supported, only the same whole factor for height and width")
        }
        return Int(scales[2])
    }
}
