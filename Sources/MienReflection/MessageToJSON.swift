package import MienJSON

extension DescriptorPool {
    /// A message in the canonical JSON mapping of proto3: lowerCamelCase names, 64-bit integers as strings, bytes as base64, enums by
    /// name (by number if the name is unknown); members in the order of the .proto file. Fields without presence are left out when they
    /// have their default; unknown fields are left out always.
    ///
    /// - Throws: `ReflectionError` if the type is unknown or the bytes are not such a message.
    package func messageToJSON(_ type: String, _ bytes: [UInt8]) throws(ReflectionError) -> JSONValue {
        try json(bytes[...], type, path: "", depth: 0)
    }

    private func json(_ bytes: ArraySlice<UInt8>, _ type: String, path: String, depth: Int) throws(ReflectionError) -> JSONValue {
        guard depth < Self.dataDepthLimit else { throw ReflectionError("messages nested deeper than \(Self.dataDepthLimit) levels", path: path) }
        let descriptor = try descriptor(type, path: path)
        let found = try collect(bytes, descriptor, path: path)
        var object = JSONObject()
        for field in descriptor.fields {
            guard let payloads = found[field.number], !payloads.isEmpty else { continue }
            let place = path.isEmpty ? field.jsonName : "\(path).\(field.jsonName)"
            if field.isRepeated {
                if field.type == .message, let entry = messages[field.typeName], entry.isMapEntry {
                    object.append(field.jsonName, try map(payloads, entry, path: place, depth: depth))
                } else {
                    let values = try elements(payloads, field, path: place, depth: depth)
                    if !values.isEmpty { object.append(field.jsonName, .array(values)) }
                }
            } else if field.type == .message {
                // Several occurrences of one message are parts of it, and joined they are its serialised form.
                var joined: [UInt8] = []
                for payload in payloads { joined += try content(payload, path: place) }
                object.append(field.jsonName, try json(joined[...], field.typeName, path: place, depth: depth + 1))
            } else if let value = try scalar(payloads.last!, field, path: place, keepsDefault: field.hasPresence) {
                object.append(field.jsonName, value)
            }
        }
        return .object(object)
    }

    /// Payloads by field number. Of a oneof only what came last survives.
    private func collect(_ bytes: ArraySlice<UInt8>, _ descriptor: MessageDescriptor, path: String) throws(ReflectionError) -> [Int: [WireField.Payload]] {
        var found: [Int: [WireField.Payload]] = [:]
        var fields: [Int: FieldDescriptor] = [:]
        for field in descriptor.fields { fields[field.number] = field }
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            let item: WireField
            do throws(ReflectionError) { item = try reader.field() } catch { throw ReflectionError(error.message, path: path) }
            guard let field = fields[item.number] else { continue }
            if let oneof = field.oneof {
                for other in descriptor.fields where other.oneof == oneof && other.number != field.number { found[other.number] = nil }
            }
            if field.isRepeated || field.type == .message { found[item.number, default: []].append(item.payload) } else { found[item.number] = [item.payload] }
        }
        return found
    }

    private func content(_ payload: WireField.Payload, path: String) throws(ReflectionError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = payload else { throw ReflectionError("holds \(payload.name) where a length and bytes should be", path: path) }
        return bytes
    }

    private func elements(_ payloads: [WireField.Payload], _ field: FieldDescriptor, path: String, depth: Int) throws(ReflectionError) -> [JSONValue] {
        var values: [JSONValue] = []
        for payload in payloads {
            let place = "\(path)[\(values.count)]"
            if field.type == .message {
                values.append(try json(try content(payload, path: place), field.typeName, path: place, depth: depth + 1))
            } else if field.type.isPackable, case .bytes(let packed) = payload {
                var reader = WireReader(packed)
                while !reader.isAtEnd {
                    let element: WireField.Payload
                    do throws(ReflectionError) { element = try reader.element(field.type) } catch { throw ReflectionError(error.message, path: path) }
                    values.append(try scalar(element, field, path: place, keepsDefault: true)!)
                }
            } else {
                values.append(try scalar(payload, field, path: place, keepsDefault: true)!)
            }
        }
        return values
    }

    private func map(_ payloads: [WireField.Payload], _ entry: MessageDescriptor, path: String, depth: Int) throws(ReflectionError) -> JSONValue {
        guard let key = entry.fields.first(where: { $0.number == 1 }), let value = entry.fields.first(where: { $0.number == 2 }) else {
            throw ReflectionError("\(entry.fullName) is not an entry of a map", path: path)
        }
        var order: [String] = []
        var values: [String: JSONValue] = [:]
        for payload in payloads {
            let parts = try collect(try content(payload, path: path), entry, path: path)
            let name: String
            switch try scalar(parts[1]?.last ?? key.type.zero, key, path: path, keepsDefault: true)! {
            case .string(let string): name = string
            case let other: name = other.text()
            }
            let place = "\(path).\(name)"
            if value.type == .message {
                var joined: [UInt8] = []
                for part in parts[2] ?? [] { joined += try content(part, path: place) }
                values[name] = try json(joined[...], value.typeName, path: place, depth: depth + 1)
            } else {
                values[name] = try scalar(parts[2]?.last ?? value.type.zero, value, path: place, keepsDefault: true)!
            }
            order.append(name)
        }
        var object = JSONObject()
        for name in order { object.append(name, values[name]!) }
        return .object(object)
    }

    /// `nil` for a default value that need not be kept.
    private func scalar(_ payload: WireField.Payload, _ field: FieldDescriptor, path: String, keepsDefault: Bool) throws(ReflectionError) -> JSONValue? {
        let mismatch = ReflectionError("holds \(payload.name), which does not fit its type", path: path)
        switch (field.type, payload) {
        case (.double, .fixed64(let bits)): return bits == 0 && !keepsDefault ? nil : Self.floating(Double(bitPattern: bits)) { JSONNumber($0) }
        case (.float, .fixed32(let bits)): return bits == 0 && !keepsDefault ? nil : Self.floating(Float(bitPattern: bits)) { JSONNumber($0) }
        case (.int64, .varint(let bits)): return Self.long(Int64(bitPattern: bits), keepsDefault)
        case (.sfixed64, .fixed64(let bits)): return Self.long(Int64(bitPattern: bits), keepsDefault)
        case (.sint64, .varint(let bits)): return Self.long(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1), keepsDefault)
        case (.uint64, .varint(let bits)), (.fixed64, .fixed64(let bits)): return Self.long(bits, keepsDefault)
        case (.int32, .varint(let bits)): return Self.short(Int32(truncatingIfNeeded: bits), keepsDefault)
        case (.sfixed32, .fixed32(let bits)): return Self.short(Int32(bitPattern: bits), keepsDefault)
        case (.sint32, .varint(let bits)):
            let bits = UInt32(truncatingIfNeeded: bits)
            return Self.short(Int32(bitPattern: bits >> 1) ^ -Int32(bitPattern: bits & 1), keepsDefault)
        case (.uint32, .varint(let bits)): return Self.short(UInt32(truncatingIfNeeded: bits), keepsDefault)
        case (.fixed32, .fixed32(let bits)): return Self.short(bits, keepsDefault)
        case (.bool, .varint(let bits)): return bits == 0 && !keepsDefault ? nil : .bool(bits != 0)
        case (.enum, .varint(let bits)):
            let number = Int32(truncatingIfNeeded: bits)
            if number == 0 && !keepsDefault { return nil }
            guard let type = enums[field.typeName] else { throw ReflectionError("no enum is called \(field.typeName)", path: path) }
            return type.values.first { $0.number == number }.map { .string($0.name) } ?? .number(JSONNumber(number))
        case (.string, .bytes(let bytes)):
            if bytes.isEmpty && !keepsDefault { return nil }
            guard let string = String(validating: bytes, as: UTF8.self) else { throw ReflectionError("string is not valid UTF-8", path: path) }
            return .string(string)
        case (.bytes, .bytes(let bytes)): return bytes.isEmpty && !keepsDefault ? nil : .string(Base64.encode(bytes))
        default: throw mismatch
        }
    }

    private static func floating<Value: BinaryFloatingPoint>(_ value: Value, _ number: (Value) -> JSONNumber?) -> JSONValue {
        if let number = number(value) { return .number(number) }
        return .string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
    }

    private static func long(_ value: some FixedWidthInteger, _ keepsDefault: Bool) -> JSONValue? {
        value == 0 && !keepsDefault ? nil : .string(String(value))
    }

    private static func short(_ value: some FixedWidthInteger, _ keepsDefault: Bool) -> JSONValue? {
        value == 0 && !keepsDefault ? nil : .number(JSONNumber(value))
    }
}

extension WireReader {
    /// One element of a packed field.
    mutating func element(_ type: FieldType) throws(ReflectionError) -> WireField.Payload {
        switch type {
        case .double, .fixed64, .sfixed64: .fixed64(try fixed64())
        case .float, .fixed32, .sfixed32: .fixed32(try fixed32())
        default: .varint(try varint())
        }
    }
}

extension FieldType {
    /// What an absent key or value of a map entry means.
    var zero: WireField.Payload {
        switch self {
        case .double, .fixed64, .sfixed64: .fixed64(0)
        case .float, .fixed32, .sfixed32: .fixed32(0)
        case .string, .bytes, .message: .bytes([])
        default: .varint(0)
        }
    }
}
