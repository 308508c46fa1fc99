import CMessageValidator
import COnnxProtos
import InferenceCore

/// The type and shape that a file declares for an input.
struct OnnxDeclaredShape: CustomStringConvertible {
    /// nil where the file gives a name or nothing.
    let extents: [Int?]

    init(_ info: UnsafeMutablePointer<Onnx__ValueInfoProto>) throws(ModelFileError) {
        let name = text(info.pointee.name)
        guard let type = info.pointee.type, type.pointee.value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE,
              let tensor = type.pointee.tensor_type, let shape = tensor.pointee.shape else {
            throw ModelFileError(.unsupported, "input '\(name)' is not declared as a tensor with a shape")
        }
        guard tensor.pointee.elem_type == Int32(ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT.rawValue) else {
            throw ModelFileError(.unsupported, "input '\(name)' has elements of type \(tensor.pointee.elem_type), expected 1 (float)")
        }
        extents = repeated(shape.pointee.dim, shape.pointee.n_dim).map { dimension in
            guard let dimension, dimension.pointee.value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE,
                  (1...Int64(OnnxImporter.extentLimit)).contains(dimension.pointee.dim_value) else { return nil }
            return Int(dimension.pointee.dim_value)
        }
    }

    var description: String { "[" + extents.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" }
}

/// Which nodes have to be imported.
enum OnnxSchedule {
    /// The nodes that `outputs` depend on, in the file's order. What nothing depends on need not be supported.
    static func neededNodes(
        _ protos: UnsafeBufferPointer<UnsafeMutablePointer<Onnx__NodeProto>?>, outputs: [String]
    ) throws(ModelFileError) -> [OnnxNode] {
        var needed = Set(outputs)
        var nodes: [OnnxNode] = []
        for case let proto? in protos.reversed() {
            let isNeeded = repeated(proto.pointee.output, proto.pointee.n_output).contains { needed.contains(text($0)) && !text($0).isEmpty }
            guard isNeeded else { continue }
            let node = try OnnxNode(proto)
            needed.formUnion(node.inputs)
            nodes.append(node)
        }
        return nodes.reversed()
    }
}

extension Operation {
    /// Number of weights it holds.
    var weightCount: Int {
        switch self {
        case .convolution(let convolution): convolution.weights.count
        case .transposedConvolution(let convolution): convolution.weights.count
        case .scaleShift(let scale, let shift), .layerNormalization(let scale, let shift, _): scale.count + shift.count
        case .parametricRelu(let slopes): slopes.count
        case .repeated(let values, _): values.count
        case .linear(let weights, _, _): weights.count
        default: 0
        }
    }
}
