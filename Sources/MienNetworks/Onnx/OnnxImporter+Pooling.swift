import InferenceCore

extension OnnxImporter {
    static let pooling: [String: Handler] = [
        "MaxPool": { try $0.pool($1, average: false) },
        "AveragePool": { try $0.pool($1, average: true) },
        "GlobalAveragePool": { try $0.globalAverage($1, keepsAxes: true) },
        "ReduceMean": { try $0.reduceMean($1) },
    ]

    private mutating func pool(_ node: OnnxNode, average: Bool) throws {
        let input = try map(value(node), for: node)
        guard case .map(let channels, let height, let width) = input.form else {
            throw node.error("its input is not [n, c, h, w] with a height and width")
        }
        let window = try OnnxWindow(node, kernel: nil)
        try node.require("ceil_mode", 0, "'ceil_mode' is not supported")
        let form = try window.output(node, channels: channels, height: height, width: width)
        if average {
            let countsPadding = try node.int("count_include_pad", default: 0, in: 0...1) == 1
            try emit(.averagePool(window.window, countsPadding: countsPadding), [input], for: node, form: form)
        } else {
            node.ignore("storage_order") // concerns the indices, which are refused
            try emit(.maxPool(window.window), [input], for: node, form: form)
        }
    }

    private mutating func globalAverage(_ node: OnnxNode, keepsAxes: Bool) throws {
        let input = try map(value(node), for: node)
        switch input.form {
        case .map(let channels, _, _):
            try emit(.globalAveragePool, [input], for: node, form: keepsAxes ? .pooled(channels: channels) : .row(features: channels, order: nil))
        case .channelsLast(let channels, _, _) where !keepsAxes:
            try emit(.globalAveragePool, [input], for: node, form: .row(features: channels, order: nil))
        case .pooled(let channels): // the mean of one pixel
            try define(node, .value(OnnxValue(core: input.core, form: keepsAxes ? input.form : .row(features: channels, order: nil))))
        case .channelsLast, .row, .array: throw node.error("its input is not [n, c, h, w]")
        }
    }

    private mutating func reduceMean(_ node: OnnxNode) throws {
        let input = try map(value(node), for: node)
        let listed = try node.ints("axes")
        let axes = try opset >= 18 ? optionalConstant(node, 1)?.integers() : listed
        let keepsAxes = try node.int("keepdims", default: 1, in: 0...1) == 1
        node.ignore("noop_with_empty_axes") // matters without axes only, which is refused
        // Of [n, rows, features], as transformers have it, the mean over the rows: a map one pixel wide.
        if case .array(let extents) = input.form, extents.count == 3, extents[0] == .batch, axes == [1] || axes == [-2], !keepsAxes {
            let map = try insert(.reshape([nil, extents[1].factor, 1, extents[2].factor]), [input], for: node, form: input.form)
            return try emit(.globalAveragePool, [map], for: node, form: .row(features: extents[2].factor, order: nil))
        }
        let wanted = input.channelAxis == 3 ? [1, 2] : [2, 3]
        guard input.rank == 4, let axes, axes.map({ $0 < 0 ? $0 + 4 : $0 }).sorted() == wanted else {
            throw node.error("only the mean over height and width is supported")
        }
        try globalAverage(node, keepsAxes: keepsAxes)
    }
}
