import InferenceCore

/// The attributes that convolutions and pools share.
struct OnnxWindow {
    /// Larger extents, strides and paddings are mistakes, and would overflow sums.
    private static let limit = 1 << 15

    let window: Window
    private let dilation: Int
    private let explicit: (top: Int, left: Int, bottom: Int, right: Int)?

    /// Reads `kernel_shape`, `strides`, `dilations`, `pads` and `auto_pad`.
    ///
    /// - Parameters:
    ///   - kernel: Height and width of the weights, or nil if the attribute alone says them.
    ///   - outer: Zeros around the input that count as the window's padding.
    init(_ node: OnnxNode, kernel: [Int]?, around outer: OnnxPadding = OnnxPadding()) throws(ModelFileError) {
        let declared = try node.ints("kernel_shape")
        guard let extents = kernel ?? declared else { throw node.error(.malformed, "attribute 'kernel_shape' is missing") }
        if let declared, declared != extents {
            throw node.error(.mismatch, "attribute 'kernel_shape' is \(declared), the weights have \(extents)")
        }
        let strides = try node.ints("strides") ?? [1, 1]
        let dilations = try node.ints("dilations") ?? [1, 1]
        for (list, what) in [(extents, "kernel_shape"), (strides, "strides"), (dilations, "dilations")] {
            guard list.count == 2 else {
                throw node.error("'\(what)' has \(list.count) extents; only two-dimensional windows are supported")
            }
            guard list.allSatisfy({ (1...Self.limit).contains($0) }) else { throw node.error(.malformed, "'\(what)' is \(list)") }
        }
        guard dilations[0] == dilations[1] else { throw node.error("dilations \(dilations) differ") }
        let pads = try node.ints("pads")
        if let pads, pads.count != 4 || !pads.allSatisfy({ (0...Self.limit).contains($0) }) {
            throw node.error("'pads' is \(pads)")
        }

        let padding: Padding
        let mode = try node.string("auto_pad") ?? "NOTSET"
        switch mode {
        case "NOTSET":
            padding = .explicit(top: (pads?[0] ?? 0) + outer.top, left: (pads?[1] ?? 0) + outer.left, bottom: (pads?[2] ?? 0) + outer.bottom,
                                right: (pads?[3] ?? 0) + outer.right)
        case "VALID": padding = .explicit(top: outer.top, left: outer.left, bottom: outer.bottom, right: outer.right)
        case "SAME_UPPER": padding = .same
        case "SAME_LOWER":
            // The odd pixel goes to the top and left, which the core cannot; without an odd pixel the two modes agree.
            let reach = extents.map { ($0 - 1) * dilations[0] }
            guard strides == [1, 1], reach.allSatisfy({ $0 % 2 == 0 }) else {
                throw node.error("auto_pad SAME_LOWER is only supported where it is symmetric")
            }
            padding = .same
        default: throw node.error(.malformed, "auto_pad '\(mode)' is unknown")
        }
        if case .explicit(let top, let left, let bottom, let right) = padding {
            // More would compute margins of nothing, as large as the file likes.
            let reach = extents.map { ($0 - 1) * dilations[0] }
            guard max(top, bottom) <= reach[0], max(left, right) <= reach[1] else {
                throw node.error("paddings \([top, left, bottom, right]) are larger than the window")
            }
        }
        if padding == .same, outer != OnnxPadding() { throw node.error("auto_pad \(mode) of a padded map is not supported") }
        if mode != "NOTSET", let pads, pads != [0, 0, 0, 0] { throw node.error(.malformed, "it has both auto_pad and pads") }
        window = Window(height: extents[0], width: extents[1], strideY: strides[0], strideX: strides[1],
                        dilation: dilations[0], padding: padding)
        dilation = dilations[0]
        if case .explicit(let top, let left, let bottom, let right) = padding { explicit = (top, left, bottom, right) } else { explicit = nil }
    }

    /// The map that the window makes of one of the given extents.
    func output(_ node: OnnxNode, channels: Int, height: Int?, width: Int?) throws(ModelFileError) -> OnnxValue.Form {
        let rows = try extent(node, height, window.height, window.strideY, (explicit?.top ?? 0) + (explicit?.bottom ?? 0))
        let columns = try extent(node, width, window.width, window.strideX, (explicit?.left ?? 0) + (explicit?.right ?? 0))
        return .map(channels: channels, height: rows, width: columns)
    }

    private func extent(_ node: OnnxNode, _ input: Int?, _ kernel: Int, _ stride: Int, _ padding: Int) throws(ModelFileError) -> Int? {
        guard let input else { return nil }
        guard explicit != nil else { return (input + stride - 1) / stride }
        let room = input + padding - (kernel - 1) * dilation - 1
        guard room >= 0 else { throw node.error(.mismatch, "the window is larger than its input of \(input)") }
        return room / stride + 1
    }
}
