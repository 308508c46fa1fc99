/// The types of fields, by the numbers of `google.protobuf.FieldDescriptorProto.Type`. Groups (10) are missing on purpose.
package enum FieldType: Int, Sendable {
    case double = 1, float, int64, uint64, int32, fixed64, fixed32, bool, string
    case message = 11, bytes, uint32, `enum`, sfixed32, sfixed64, sint32, sint64

    var isPackable: Bool { self != .string && self != .bytes && self != .message }
}

package struct FieldDescriptor: Sendable {
    /// As the .proto file has it: "max_faces".
    package var name = ""
    /// "maxFaces".
    package var jsonName = ""
    package var number = 0
    package var type = FieldType.int32
    /// Full name of the message or enum, without the leading dot.
    package var typeName = ""
    package var isRepeated = false
    /// Written packed.
    package var isPacked = false
    /// Place among the message's oneofs.
    package var oneof: Int?
    /// Whether the field can be present and have its default value.
    package var hasPresence = false
}

package struct MessageDescriptor: Sendable {
    package var fullName = ""
    /// In the order of the .proto file.
    package var fields: [FieldDescriptor] = []
    package var oneofs: [String] = []
    /// An entry of a map field: the key is field 1, the value field 2.
    package var isMapEntry = false
}

package struct EnumDescriptor: Sendable {
    package var fullName = ""
    package var values: [(name: String, number: Int32)] = []
}

package struct MethodDescriptor: Sendable {
    package var name = ""
    /// "/mien.v1.Host/GetInfo".
    package var path = ""
    package var inputType = ""
    package var outputType = ""
    package var isClientStreaming = false
    package var isServerStreaming = false
}

package struct ServiceDescriptor: Sendable {
    package var fullName = ""
    package var methods: [MethodDescriptor] = []
}

/// "max_faces" becomes "maxFaces", by the rule that protoc follows.
func lowerCamelCase(_ name: String) -> String {
    var output = ""
    var raise = false
    for letter in name.unicodeScalars {
        if letter == "_" { raise = true; continue }
        output.unicodeScalars.append(raise && ("a"..."z").contains(letter) ? Unicode.Scalar(letter.value - 32)! : letter)
        raise = false
    }
    return output
}
