import COnnxProtos

/// The extents that an ONNX file declares for an input, which the importer does not hold a network to: one without dense layers over its map computes
/// pictures of any size, and gives worse answers for those that it was not trained on.
struct DeclaredInput: CustomStringConvertible {
    /// Nil where the file leaves one open.
    let extents: [Int?]

    /// - Parameter bytes: A file that `OnnxModel` has read, and so found well-formed.
    /// - Returns: Nil if the file declares no shape for the input.
    init?(_ name: String, in bytes: UnsafeRawBufferPointer) {
        guard let model = onnx__model_proto__unpack(nil, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)) else { return nil }
        defer { onnx__model_proto__free_unpacked(model, nil) }
        guard let graph = model.pointee.graph?.pointee else { return nil }
        let input = UnsafeBufferPointer(start: graph.input, count: graph.n_input).compactMap { $0 }.first { info in
            info.pointee.name.map { String(cString: $0) } == name
        }
        guard let type = input?.pointee.type?.pointee, type.value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE,
              let shape = type.tensor_type?.pointee.shape?.pointee else { return nil }
        extents = UnsafeBufferPointer(start: shape.dim, count: shape.n_dim).map { dimension in
            guard let dimension = dimension?.pointee, dimension.value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE,
                  dimension.dim_value > 0 else { return nil }
            return Int(dimension.dim_value)
        }
    }

    /// Whether pictures of these extents are meant, with channels in front or behind.
    func takes(height: Int, width: Int, channels: Int) -> Bool {
        [[channels, height, width], [height, width, channels]].contains { wanted in
            extents.count == 4 && zip(extents.dropFirst(), wanted).allSatisfy { $0 == nil || $0 == $1 }
        }
    }

    var description: String { "[" + extents.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]" }
}
