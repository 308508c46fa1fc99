package import MienJSON

extension DescriptorPool {
    /// The message that a JSON value describes, in the canonical mapping of proto3 and with the liberties that it allows a reader: original field
    /// names, enums by number, integers as strings or as decimals without a fraction, base64 of either alphabet. `null` leaves a field unset.
    ///
    /// - Throws: `ReflectionError`, naming the place, for unknown names, values of the wrong kind or out of range, two members of one oneof.
    package func jsonToMessage(_ type: String, _ json: JSONValue) throws(ReflectionError) -> [UInt8] {
        try message(json, type, path: "", depth: 0)
    }

    private func message(_ json: JSONValue, _ type: String, path: String, depth: Int) throws(ReflectionError) -> [UInt8] {
        guard depth < Self.dataDepthLimit else { throw ReflectionError("messages nested deeper than \(Self.dataDepthLimit) levels", path: path) }
        let descriptor = try descriptor(type, path: path)
        guard let object = json.object else { throw ReflectionError("is \(json.kind), where \(type) needs an object", path: path) }
        var parts: [(number: Int, bytes: [UInt8])] = []
        var taken: [Int: String] = [:]
        var oneofs: [Int: String] = [:]
        for member in object.members {
            let place = path.isEmpty ? member.name : "\(path).\(member.name)"
            guard let field = descriptor.fields.first(where: { $0.jsonName == member.name }) ?? descriptor.fields.first(where: { $0.name == member.name }) else {
                throw ReflectionError("is not a field of \(type)" + suggestion(descriptor), path: place)
            }
            if let other = taken.updateValue(member.name, forKey: field.number) { throw ReflectionError("names the same field as \(other)", path: place) }
            if member.value == .null { continue }
            if let oneof = field.oneof, let other = oneofs.updateValue(member.name, forKey: oneof) {
                throw ReflectionError("excludes \(other): both belong to the oneof \(descriptor.oneofs.indices.contains(oneof) ? descriptor.oneofs[oneof] : "")", path: place)
            }
            var writer = WireWriter()
            try write(member.value, field, to: &writer, path: place, depth: depth)
            parts.append((field.number, writer.bytes))
        }
        // In the order of the numbers, as every other implementation writes them.
        return parts.sorted { $0.number < $1.number }.flatMap(\.bytes)
    }

    private func suggestion(_ descriptor: MessageDescriptor) -> String {
        descriptor.fields.isEmpty ? ", which has none" : "; its fields are " + descriptor.fields.map(\.jsonName).joined(separator: ", ")
    }

    private func write(_ json: JSONValue, _ field: FieldDescriptor, to writer: inout WireWriter, path: String, depth: Int) throws(ReflectionError) {
        guard field.isRepeated else { return try writeSingle(json, field, to: &writer, path: path, depth: depth, keepsDefault: field.hasPresence) }
        if field.type == .message, let entry = messages[field.typeName], entry.isMapEntry {
            guard let object = json.object else { throw ReflectionError("is \(json.kind), where a map needs an object", path: path) }
            for member in object.members {
                try writeEntry(member, entry, field, to: &writer, path: "\(path).\(member.name)", depth: depth)
            }
            return
        }
        guard let values = json.array else { throw ReflectionError("is \(json.kind), where a repeated field needs an array", path: path) }
        if field.isPacked {
            var packed = WireWriter()
            for (place, value) in values.enumerated() { _ = try writeScalar(value, field, to: &packed, path: "\(path)[\(place)]") }
            if !values.isEmpty { writer.delimited(field.number, packed.bytes) }
        } else {
            for (place, value) in values.enumerated() {
                try writeSingle(value, field, to: &writer, path: "\(path)[\(place)]", depth: depth, keepsDefault: true)
            }
        }
    }

    private func writeSingle(_ json: JSONValue, _ field: FieldDescriptor, to writer: inout WireWriter, path: String, depth: Int, keepsDefault: Bool) throws(ReflectionError) {
        if field.type == .message {
            return writer.delimited(field.number, try message(json, field.typeName, path: path, depth: depth + 1))
        }
        var value = WireWriter()
        let isDefault = try writeScalar(json, field, to: &value, path: path)
        if isDefault && !keepsDefault { return }
        writer.tag(field.number, wireType: field.type.wireType)
        writer.raw(value.bytes)
    }

    private func writeEntry(_ member: JSONObject.Member, _ entry: MessageDescriptor, _ field: FieldDescriptor, to writer: inout WireWriter,
                            path: String, depth: Int) throws(ReflectionError) {
        guard let key = entry.fields.first(where: { $0.number == 1 }), let value = entry.fields.first(where: { $0.number == 2 }) else {
            throw ReflectionError("\(entry.fullName) is not an entry of a map", path: path)
        }
        var content = WireWriter()
        // Keys are strings in JSON, whatever they are in the message.
        let keyValue: JSONValue = key.type == .bool && (member.name == "true" || member.name == "false") ? .bool(member.name == "true") : .string(member.name)
        try writeSingle(keyValue, key, to: &content, path: path, depth: depth, keepsDefault: true)
        try writeSingle(member.value, value, to: &content, path: path, depth: depth, keepsDefault: true)
        writer.delimited(field.number, content.bytes)
    }

    /// Writes the payload without a tag. Returns whether it is the default value.
    private func writeScalar(_ json: JSONValue, _ field: FieldDescriptor, to writer: inout WireWriter, path: String) throws(ReflectionError) -> Bool {
        func wrong(_ wanted: String) -> ReflectionError { ReflectionError("is \(json.kind), where \(wanted) should be", path: path) }
        func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws(ReflectionError) -> Integer {
            let number: JSONNumber
            switch json {
            case .number(let value): number = value
            case .string(let text):
                // The grammar of JSON's numbers, which excludes spaces and a plus sign; the parser itself would forgive spaces around.
                guard text.utf8.allSatisfy({ $0 > 0x20 }), let value = try? JSONValue.parse(text).number else {
                    throw ReflectionError("\(json.text()) is not a whole number", path: path)
                }
                number = value
            default: throw wrong("a whole number")
            }
            guard let value: Integer = number.integer() else {
                throw ReflectionError("\(number.digits) is not a whole number from \(Integer.min) to \(Integer.max)", path: path)
            }
            return value
        }
        switch field.type {
        case .int32, .int64:
            let value = field.type == .int32 ? Int64(try integer(Int32.self)) : try integer(Int64.self)
            writer.varint(UInt64(bitPattern: value))
            return value == 0
        case .uint32, .uint64:
            let value = field.type == .uint32 ? UInt64(try integer(UInt32.self)) : try integer(UInt64.self)
            writer.varint(value)
            return value == 0
        case .sint32, .sint64:
            let value = field.type == .sint32 ? Int64(try integer(Int32.self)) : try integer(Int64.self)
            writer.varint(UInt64(bitPattern: value << 1 ^ value >> 63))
            return value == 0
        case .fixed32, .sfixed32:
            let value = field.type == .fixed32 ? try integer(UInt32.self) : UInt32(bitPattern: try integer(Int32.self))
            writer.fixed32(value)
            return value == 0
        case .fixed64, .sfixed64:
            let value = field.type == .fixed64 ? try integer(UInt64.self) : UInt64(bitPattern: try integer(Int64.self))
            writer.fixed64(value)
            return value == 0
        case .double:
            let bits = try floating(json, path: path).bitPattern
            writer.fixed64(bits)
            return bits == 0
        case .float:
            let wide = try floating(json, path: path)
            let value = Float(wide)
            guard value.isFinite || !wide.isFinite else { throw ReflectionError("\(wide) is too large for a float", path: path) }
            writer.fixed32(value.bitPattern)
            return value.bitPattern == 0
        case .bool:
            guard let value = json.bool else { throw wrong("true or false") }
            writer.varint(value ? 1 : 0)
            return !value
        case .enum:
            let value = try enumNumber(json, field, path: path)
            writer.varint(UInt64(bitPattern: Int64(value)))
            return value == 0
        case .string:
            guard let value = json.string else { throw wrong("a string") }
            writer.varint(UInt64(value.utf8.count))
            writer.raw(Array(value.utf8))
            return value.isEmpty
        case .bytes:
            guard let text = json.string else { throw wrong("a string of base64") }
            guard let value = Base64.decode(text) else { throw ReflectionError("is not base64", path: path) }
            writer.varint(UInt64(value.count))
            writer.raw(value)
            return value.isEmpty
        case .message: throw ReflectionError("is not a scalar", path: path)
        }
    }

    private func floating(_ json: JSONValue, path: String) throws(ReflectionError) -> Double {
        let number: JSONNumber
        switch json {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        case .number(let value): number = value
        case .string(let text):
            guard text.utf8.allSatisfy({ $0 > 0x20 }), let value = try? JSONValue.parse(text).number else {
                throw ReflectionError("\(json.text()) is not a number", path: path)
            }
            number = value
        default: throw ReflectionError("is \(json.kind), where a number should be", path: path)
        }
        guard let value = number.double else { throw ReflectionError("\(number.digits) is too large for a double", path: path) }
        return value
    }

    private func enumNumber(_ json: JSONValue, _ field: FieldDescriptor, path: String) throws(ReflectionError) -> Int32 {
        guard let type = enums[field.typeName] else { throw ReflectionError("no enum is called \(field.typeName)", path: path) }
        switch json {
        case .string(let name):
            if let value = type.values.first(where: { $0.name == name }) { return value.number }
            throw ReflectionError("\(json.text()) is none of " + type.values.map(\.name).joined(separator: ", "), path: path)
        case .number(let number):
            guard let value: Int32 = number.integer() else { throw ReflectionError("\(number.digits) is not a 32-bit integer", path: path) }
            return value
        default: throw ReflectionError("is \(json.kind), where the name of a value of \(type.fullName) should be", path: path)
        }
    }
}

extension FieldType {
    var wireType: UInt64 {
        switch self {
        case .double, .fixed64, .sfixed64: 1
        case .float, .fixed32, .sfixed32: 5
        case .string, .bytes, .message: 2
        default: 0
        }
    }
}
