import InferenceCore

/// What a name stands for while a model is imported.
enum OnnxOperand {
    case value(OnnxValue)
    case constant(OnnxTensor)
    /// A list of extents taken from the shape of a value, on its way to a Reshape; one of them at least is not known.
    case extents([OnnxExtent])
    /// A constant `[1, ...]` that is to be there for each example, `[n, ...]`: a class token on its way to a Concat.
    case repeated(OnnxTensor)
    /// A map with zeros around it, which a convolution takes as its own padding.
    case padded(OnnxValue, OnnxPadding)
}

struct OnnxPadding: Hashable {
    var top = 0, left = 0, bottom = 0, right = 0
}

/// A value of the core's graph and how the file sees it.
///
/// ONNX writes feature maps as `[n, c, h, w]`, the core as `[n, h, w, c]`. A map is brought into the file's order when the file treats it as
/// an array, and back when it is a map again.
struct OnnxValue {
    enum Form: Hashable {
        /// The file's `[n, c, h, w]`. Height and width are those the file declares, nil if it leaves them open.
        case map(channels: Int, height: Int?, width: Int?)
        /// Transposed in the file to the core's own `[n, h, w, c]`.
        case channelsLast(channels: Int, height: Int?, width: Int?)
        /// The file's `[n, c, 1, 1]`, which the core keeps as `[n, c]`.
        case pooled(channels: Int)
        /// `[n, features]` in both. `order` is set if a map was flattened: the core then has the features in the order of `[h, w, c]`,
        /// the file in that of `[c, h, w]`.
        case row(features: Int, order: Order?)
        /// In the file's order, with any number of axes. All extents are known but that of the batch, which may be on any axis.
        case array([OnnxExtent])

        /// `extents` as a row if that is what they are.
        init(_ extents: [OnnxExtent]) {
            if extents.count == 2, extents[0] == .batch, case .known(let features) = extents[1] {
                self = .row(features: features, order: nil)
            } else {
                self = .array(extents)
            }
        }

        var largestExtent: Int {
            switch self {
            case .array(let extents): extents.map(\.factor).max() ?? 1
            case .map(let channels, let height, let width), .channelsLast(let channels, let height, let width):
                max(channels, height ?? 1, width ?? 1)
            case .pooled(let channels), .row(let channels, _): channels
            }
        }
    }

    /// Extents of a map that was flattened.
    struct Order: Hashable {
        let channels, height, width: Int

        /// Puts rows of `vector` (`count` numbers for each of the features) from the file's order into the core's.
        func arranged<Element>(_ vector: [Element]) -> [Element] {
            (0..<height * width).flatMap { position in (0..<channels).map { vector[$0 * height * width + position] } }
        }
    }

    let core: Graph.Value
    let form: Form

    /// Extent of the core's last axis.
    var channels: Int {
        switch form {
        case .map(let channels, _, _), .channelsLast(let channels, _, _), .pooled(let channels), .row(let channels, _): channels
        case .array(let extents): extents.last?.factor ?? 1
        }
    }

    /// Number of features of one example, nil if the file leaves height or width open or there are too many. At most 2^28, so that sums of it cannot overflow.
    var features: Int? {
        switch form {
        case .row(let features, _), .pooled(let features): return features
        case .map(let channels, let height?, let width?), .channelsLast(let channels, let height?, let width?):
            let (area, overflow) = height.multipliedReportingOverflow(by: width)
            let (count, overflow2) = area.multipliedReportingOverflow(by: channels)
            return overflow || overflow2 || count > 1 << 28 ? nil : count
        case .array(let extents): return extents.elements
        case .map, .channelsLast: return nil
        }
    }

    var isMap: Bool { if case .map = form { true } else { false } }

    /// Number of axes that the file sees.
    var rank: Int { extents.count }

    /// The axis of the channels as the file counts: of an array the last.
    var channelAxis: Int {
        switch form {
        case .map, .pooled, .row: 1
        case .channelsLast, .array: rank - 1
        }
    }

    /// The shape as the file sees it.
    var extents: [OnnxExtent] {
        func extent(_ value: Int?) -> OnnxExtent { value.map { .known($0) } ?? .unknown }
        return switch form {
        case .map(let channels, let height, let width): [.batch, .known(channels), extent(height), extent(width)]
        case .channelsLast(let channels, let height, let width): [.batch, extent(height), extent(width), .known(channels)]
        case .pooled(let channels): [.batch, .known(channels), .known(1), .known(1)]
        case .row(let features, _): [.batch, .known(features)]
        case .array(let extents): extents
        }
    }

    /// Whether both are sure to have, or can have, the same shape.
    func matches(_ other: OnnxValue) -> Bool {
        switch (form, other.form) {
        case (.map(let c, let h, let w), .map(let c2, let h2, let w2)),
             (.channelsLast(let c, let h, let w), .channelsLast(let c2, let h2, let w2)):
            c == c2 && (h == nil || h2 == nil || h == h2) && (w == nil || w2 == nil || w == w2)
        default: form == other.form
        }
    }
}
