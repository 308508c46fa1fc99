import CMessageValidator
import COnnxProtos
import CProtobufC

/// An ONNX model unpacked by protobuf-c, after the validator has seen its bytes; freed with this object.
final class OnnxFile {
    /// Valid as long as this object lives.
    let model: UnsafeMutablePointer<Onnx__ModelProto>

    /// protobuf-c counts in 32 bits in places; and a model of this size would not fit anyway.
    static let sizeLimit = Int(Int32.max)
    /// Types, shapes and graphs in attributes nest; no honest file comes near this.
    static let depthLimit: UInt32 = 24

    init(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
        // Weights unpack to about their own size. Small strings grow, but there are few of them next to the weights.
        let limits = mien_validation_limits(max_bytes: UInt64(Self.sizeLimit), max_elements: UInt64(bytes.count) + 1,
                                            max_allocation: UInt64(bytes.count) * 4 + 64 << 20, max_depth: Self.depthLimit)
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let result = withUnsafePointer(to: limits) { limits in
            withUnsafePointer(to: onnx__model_proto__descriptor) { mien_validate_message($0, start, bytes.count, limits) }
        }
        guard result.code == MIEN_VALIDATION_OK else { throw Self.refusal(result) }
        guard let model = onnx__model_proto__unpack(nil, bytes.count, start) else {
            throw ModelFileError(.malformed, "ONNX file cannot be unpacked")
        }
        self.model = model
    }

    deinit { onnx__model_proto__free_unpacked(model, nil) }

    private static func refusal(_ result: mien_validation) -> ModelFileError {
        var place = result.message_name.map { String(cString: $0) } ?? "message"
        if let name = result.field_name {
            place += "." + String(cString: name)
        } else if result.field != 0 {
            place += " field \(result.field)"
        }
        let fault = String(cString: mien_validation_text(result.code))
        return ModelFileError(.malformed, "not a readable ONNX file: \(fault) (\(place), byte \(result.offset))")
    }
}

/// The array of a repeated field, as Swift sees arrays.
func repeated<Element>(_ start: UnsafeMutablePointer<Element>?, _ count: Int) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
}

/// A string field; protobuf-c gives an empty string or NULL where it is missing.
func text(_ field: UnsafeMutablePointer<CChar>?) -> String { field.map { String(cString: $0) } ?? "" }
