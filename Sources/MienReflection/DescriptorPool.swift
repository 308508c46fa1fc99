/// Every message, enum and service of a set of .proto files, read from a serialised `google.protobuf.FileDescriptorSet`.
///
/// The numbers of the fields read here are those of google/protobuf/descriptor.proto. proto3 is understood; what only proto2 has
/// (groups, extensions) is not.
package struct DescriptorPool: Sendable {
    package private(set) var messages: [String: MessageDescriptor] = [:]
    package private(set) var enums: [String: EnumDescriptor] = [:]
    /// In the order of the files.
    package private(set) var services: [ServiceDescriptor] = []

    /// Messages within messages.
    private static let depthLimit = 32

    /// - Throws: `ReflectionError` if the bytes are not a `FileDescriptorSet`.
    package init(fileDescriptorSet bytes: [UInt8]) throws(ReflectionError) {
        do throws(ReflectionError) {
            try Self.eachField(bytes[...]) { field throws(ReflectionError) in
                if case (1, .bytes(let file)) = (field.number, field.payload) { try readFile(file) }
            }
        } catch {
            throw ReflectionError("not a file descriptor set: \(error)")
        }
    }

    /// - Parameter path: "/package.Service/Method"; the first slash may be missing.
    package func method(_ path: String) -> MethodDescriptor? {
        let path = path.hasPrefix("/") ? path : "/" + path
        for service in services { if let method = service.methods.first(where: { $0.path == path }) { return method } }
        return nil
    }

    private static func eachField(_ bytes: ArraySlice<UInt8>, _ body: (WireField) throws(ReflectionError) -> Void) throws(ReflectionError) {
        var reader = WireReader(bytes)
        while !reader.isAtEnd { try body(try reader.field()) }
    }

    private static func string(_ bytes: ArraySlice<UInt8>) throws(ReflectionError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else { throw ReflectionError("a name is not valid UTF-8") }
        return string
    }

    private static func typeName(_ bytes: ArraySlice<UInt8>) throws(ReflectionError) -> String {
        let name = try string(bytes)
        return name.hasPrefix(".") ? String(name.dropFirst()) : name
    }

    private mutating func readFile(_ bytes: ArraySlice<UInt8>) throws(ReflectionError) {
        var package = ""
        var isProto3 = false
        try Self.eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (2, .bytes(let name)): package = try Self.string(name)
            case (12, .bytes(let syntax)): isProto3 = try Self.string(syntax) == "proto3"
            default: break
            }
        }
        let prefix = package.isEmpty ? "" : package + "."
        try Self.eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (4, .bytes(let message)): try readMessage(message, prefix: prefix, isProto3: isProto3, depth: 0)
            case (5, .bytes(let item)): try readEnum(item, prefix: prefix)
            case (6, .bytes(let service)): try readService(service, prefix: prefix)
            default: break
            }
        }
    }

    private mutating func readMessage(_ bytes: ArraySlice<UInt8>, prefix: String, isProto3: Bool, depth: Int) throws(ReflectionError) {
        guard depth < Self.depthLimit else { throw ReflectionError("messages nested deeper than \(Self.depthLimit) levels") }
        var message = MessageDescriptor()
        try Self.eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (1, .bytes(let name)): message.fullName = prefix + (try Self.string(name))
            case (2, .bytes(let item)): message.fields.append(try Self.readField(item, isProto3: isProto3))
            case (7, .bytes(let options)):
                try Self.eachField(options) { if case (7, .varint(let value)) = ($0.number, $0.payload) { message.isMapEntry = value != 0 } }
            case (8, .bytes(let oneof)):
                try Self.eachField(oneof) { item throws(ReflectionError) in
                    if case (1, .bytes(let name)) = (item.number, item.payload) { message.oneofs.append(try Self.string(name)) }
                }
            default: break
            }
        }
        try Self.eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (3, .bytes(let nested)): try readMessage(nested, prefix: message.fullName + ".", isProto3: isProto3, depth: depth + 1)
            case (4, .bytes(let item)): try readEnum(item, prefix: message.fullName + ".")
            default: break
            }
        }
        messages[message.fullName] = message
    }

    private static func readField(_ bytes: ArraySlice<UInt8>, isProto3: Bool) throws(ReflectionError) -> FieldDescriptor {
        var result = FieldDescriptor()
        var type = 0
        var packed: Bool?
        var isOptional = false
        try eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (1, .bytes(let name)): result.name = try string(name)
            case (3, .varint(let number)): result.number = Int(truncatingIfNeeded: number)
            case (4, .varint(let label)): result.isRepeated = label == 3
            case (5, .varint(let number)): type = Int(truncatingIfNeeded: number)
            case (6, .bytes(let name)): result.typeName = try typeName(name)
            case (8, .bytes(let options)):
                try eachField(options) { if case (2, .varint(let value)) = ($0.number, $0.payload) { packed = value != 0 } }
            case (9, .varint(let place)): result.oneof = Int(truncatingIfNeeded: place)
            case (10, .bytes(let name)): result.jsonName = try string(name)
            case (17, .varint(let value)): isOptional = value != 0
            default: break
            }
        }
        guard let known = FieldType(rawValue: type) else { throw ReflectionError("field \(result.name) has the unsupported type \(type)") }
        guard (1..<1 << 29).contains(result.number) else { throw ReflectionError("field \(result.name) has the number \(result.number)") }
        result.type = known
        result.isPacked = result.isRepeated && known.isPackable && (packed ?? isProto3)
        result.hasPresence = !result.isRepeated && (!isProto3 || known == .message || isOptional || result.oneof != nil)
        // Protoc makes a oneof of its own for every `optional`; nobody should be told of it.
        if isOptional { result.oneof = nil }
        if result.jsonName.isEmpty { result.jsonName = lowerCamelCase(result.name) }
        return result
    }

    private mutating func readEnum(_ bytes: ArraySlice<UInt8>, prefix: String) throws(ReflectionError) {
        var result = EnumDescriptor()
        try Self.eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (1, .bytes(let name)): result.fullName = prefix + (try Self.string(name))
            case (2, .bytes(let item)):
                var value = (name: "", number: Int32(0))
                try Self.eachField(item) { part throws(ReflectionError) in
                    switch (part.number, part.payload) {
                    case (1, .bytes(let name)): value.name = try Self.string(name)
                    case (2, .varint(let number)): value.number = Int32(truncatingIfNeeded: number)
                    default: break
                    }
                }
                result.values.append(value)
            default: break
            }
        }
        enums[result.fullName] = result
    }

    private mutating func readService(_ bytes: ArraySlice<UInt8>, prefix: String) throws(ReflectionError) {
        var service = ServiceDescriptor()
        try Self.eachField(bytes) { field throws(ReflectionError) in
            switch (field.number, field.payload) {
            case (1, .bytes(let name)): service.fullName = prefix + (try Self.string(name))
            case (2, .bytes(let item)):
                var method = MethodDescriptor()
                try Self.eachField(item) { part throws(ReflectionError) in
                    switch (part.number, part.payload) {
                    case (1, .bytes(let name)): method.name = try Self.string(name)
                    case (2, .bytes(let name)): method.inputType = try Self.typeName(name)
                    case (3, .bytes(let name)): method.outputType = try Self.typeName(name)
                    case (5, .varint(let value)): method.isClientStreaming = value != 0
                    case (6, .varint(let value)): method.isServerStreaming = value != 0
                    default: break
                    }
                }
                service.methods.append(method)
            default: break
            }
        }
        for place in service.methods.indices { service.methods[place].path = "/\(service.fullName)/\(service.methods[place].name)" }
        services.append(service)
    }
}

extension DescriptorPool {
    /// Messages within messages in the data, which bounds the stack.
    static let dataDepthLimit = 64

    /// Messages whose JSON form is one of its own, which is not provided here.
    private static let special: Set<String> = ["Any", "Timestamp", "Duration", "Struct", "Value", "ListValue", "FieldMask", "Empty", "BoolValue", "BytesValue",
        "DoubleValue", "FloatValue", "Int32Value", "Int64Value", "StringValue", "UInt32Value", "UInt64Value"]

    func descriptor(_ name: String, path: String) throws(ReflectionError) -> MessageDescriptor {
        if name.hasPrefix("google.protobuf."), Self.special.contains(String(name.dropFirst("google.protobuf.".count))) {
            throw ReflectionError("\(name) has a JSON form of its own, which is not supported", path: path)
        }
        guard let message = messages[name] else { throw ReflectionError("no message type is called \(name)", path: path) }
        return message
    }
}
