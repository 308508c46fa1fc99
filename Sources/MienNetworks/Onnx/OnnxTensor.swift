import CMessageValidator
import COnnxProtos

/// A constant of an ONNX model: a weight, or numbers that an operator takes as an input.
struct OnnxTensor {
    let name: String
    /// Extents as the file has them; empty for a scalar.
    let extents: [Int]
    let count: Int
    private let contents: Contents

    private enum Contents {
        case file(UnsafeMutablePointer<Onnx__TensorProto>)
        case floats([Float])
        case integers([Int])
    }

    init(floats: [Float], extents: [Int], name: String) {
        self.name = name
        self.extents = extents
        count = floats.count
        contents = .floats(floats)
    }

    init(integers: [Int], extents: [Int], name: String) {
        self.name = name
        self.extents = extents
        count = integers.count
        contents = .integers(integers)
    }

    /// Takes over the extents of `proto`, which must outlive the tensor; its elements are read when they are asked for.
    init(_ proto: UnsafeMutablePointer<Onnx__TensorProto>, name: String? = nil) throws(ModelFileError) {
        let name = name ?? text(proto.pointee.name)
        guard proto.pointee.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT, proto.pointee.n_external_data == 0 else {
            throw ModelFileError(.unsupported, "tensor '\(name)' keeps its data in another file, which is not followed: "
                                 + "save the model in one file")
        }
        var extents: [Int] = []
        var count = 1
        for dimension in repeated(proto.pointee.dims, proto.pointee.n_dims) {
            let (product, overflow) = count.multipliedReportingOverflow(by: Int(dimension))
            guard dimension >= 0, !overflow, product < Int(Int32.max), extents.count < 8 else {
                throw ModelFileError(.malformed, "tensor '\(name)' has impossible extents")
            }
            extents.append(Int(dimension))
            count = product
        }
        self.name = name
        self.extents = extents
        self.count = count
        contents = .file(proto)
    }

    /// The same elements in another shape of the same count.
    func reshaped(_ extents: [Int]) -> OnnxTensor { OnnxTensor(self, extents: extents) }

    private init(_ other: OnnxTensor, extents: [Int]) {
        name = other.name
        self.extents = extents
        count = other.count
        contents = other.contents
    }

    /// The elements as `Float`, row-major; all finite.
    func floats() throws(ModelFileError) -> [Float] {
        let values: [Float]
        switch contents {
        case .floats(let floats): values = floats
        case .integers(let integers): values = integers.map(Float.init)
        case .file(let proto): values = try floats(proto)
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw ModelFileError(.malformed, "tensor '\(name)' holds \(values[index]) at element \(index)")
        }
        return values
    }

    /// The elements of a tensor of whole numbers.
    func integers() throws(ModelFileError) -> [Int] {
        switch contents {
        case .integers(let integers): return integers
        case .floats: throw wrongType("floats", "whole numbers")
        case .file(let proto): return try integers(proto)
        }
    }

    /// The elements of a tensor of BOOL.
    func truths() throws(ModelFileError) -> [Bool] {
        guard case .file(let proto) = contents, proto.pointee.data_type == Int32(ONNX__TENSOR_PROTO__DATA_TYPE__BOOL.rawValue) else {
            throw wrongType("numbers", "BOOL")
        }
        guard let raw = try rawData(proto) else { return try listed(repeated(proto.pointee.int32_data, proto.pointee.n_int32_data)).map { $0 != 0 } }
        try checkSize(raw, bits: 8)
        return raw.map { $0 != 0 }
    }

    /// Whether `integers` applies.
    var isInteger: Bool {
        switch contents {
        case .integers: true
        case .floats: false
        case .file(let proto):
            proto.pointee.data_type == Int32(ONNX__TENSOR_PROTO__DATA_TYPE__INT64.rawValue)
                || proto.pointee.data_type == Int32(ONNX__TENSOR_PROTO__DATA_TYPE__INT32.rawValue)
        }
    }

    // MARK: Elements from the file

    private func floats(_ proto: UnsafeMutablePointer<Onnx__TensorProto>) throws(ModelFileError) -> [Float] {
        let raw = try rawData(proto)
        switch Onnx__TensorProto__DataType(rawValue: UInt32(bitPattern: proto.pointee.data_type)) {
        case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
            if let raw { return try convert(raw, .f32) }
            return Array(try listed(repeated(proto.pointee.float_data, proto.pointee.n_float_data)))
        case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
            if let raw { return try convert(raw, .f64) }
            return try listed(repeated(proto.pointee.double_data, proto.pointee.n_double_data)).map(Float.init)
        case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
            if let raw { return try convert(raw, .f16) }
            return try listed(repeated(proto.pointee.int32_data, proto.pointee.n_int32_data))
                .map { FloatConversion.float(half: UInt16(truncatingIfNeeded: $0)) }
        case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
            if let raw { return try convert(raw, .bf16) }
            return try listed(repeated(proto.pointee.int32_data, proto.pointee.n_int32_data))
                .map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) }
        default: throw wrongType("type \(proto.pointee.data_type)", "floats")
        }
    }

    private func integers(_ proto: UnsafeMutablePointer<Onnx__TensorProto>) throws(ModelFileError) -> [Int] {
        let raw = try rawData(proto)
        switch Onnx__TensorProto__DataType(rawValue: UInt32(bitPattern: proto.pointee.data_type)) {
        case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
            guard let raw else { return try listed(repeated(proto.pointee.int64_data, proto.pointee.n_int64_data)).map { Int($0) } }
            try checkSize(raw, bits: 64)
            return (0..<count).map { Int(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))) }
        case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
            guard let raw else { return try listed(repeated(proto.pointee.int32_data, proto.pointee.n_int32_data)).map { Int($0) } }
            try checkSize(raw, bits: 32)
            return (0..<count).map { Int(Int32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self))) }
        default: throw wrongType("type \(proto.pointee.data_type)", "whole numbers")
        }
    }

    private func rawData(_ proto: UnsafeMutablePointer<Onnx__TensorProto>) throws(ModelFileError) -> UnsafeRawBufferPointer? {
        guard proto.pointee.has_raw_data != 0 else { return nil }
        let listed = proto.pointee.n_float_data + proto.pointee.n_int32_data + proto.pointee.n_int64_data + proto.pointee.n_double_data
            + proto.pointee.n_uint64_data
        guard listed == 0 else { throw ModelFileError(.malformed, "tensor '\(name)' has its data twice") }
        return UnsafeRawBufferPointer(start: proto.pointee.raw_data.data, count: proto.pointee.raw_data.len)
    }

    private func convert(_ raw: UnsafeRawBufferPointer, _ type: ElementType) throws(ModelFileError) -> [Float] {
        try checkSize(raw, bits: type.bits)
        return FloatConversion.floats(raw, type: type, count: count)!
    }

    private func checkSize(_ raw: UnsafeRawBufferPointer, bits: Int) throws(ModelFileError) {
        guard raw.count == count * bits / 8 else {
            throw ModelFileError(.malformed, "tensor '\(name)' has \(raw.count) bytes of data, its shape \(extents) takes \(count * bits / 8)")
        }
    }

    private func listed<Element>(_ elements: UnsafeBufferPointer<Element>) throws(ModelFileError) -> UnsafeBufferPointer<Element> {
        guard elements.count == count else {
            throw ModelFileError(.malformed, "tensor '\(name)' has \(elements.count) elements, its shape \(extents) takes \(count)")
        }
        return elements
    }

    private func wrongType(_ found: String, _ expected: String) -> ModelFileError {
        ModelFileError(.unsupported, "tensor '\(name)' holds \(found), expected \(expected)")
    }
}
