import MienJSON
import MienMessages
import MienReflection
import MienWire

/// What is wrong with a template.
struct TemplateError: Error, CustomStringConvertible {
    let description: String
}

/// What `$` stands for while a script runs.
struct Scope {
    let descriptors: DescriptorPool
    /// By name, without the $.
    var variables: [String: JSONValue] = [:]
    /// What the peer is ready to receive.
    var limits = WireLimits()
    var estimator: Proto.PluginEstimator?
    /// Only looks whether a template is well-formed: nothing large is made.
    var isTrial = false

    /// The names that JSON has for the peer's limits.
    private static let limitNames: [(String, @Sendable (WireLimits) -> Int)] = [
        ("maxFrameBytes", { $0.maxFrameBytes }), ("maxMessageBytes", { $0.maxMessageBytes }), ("maxOpenCalls", { $0.maxOpenCalls }),
        ("callWindowBytes", { $0.callWindowBytes }), ("connectionWindowBytes", { $0.connectionWindowBytes }),
    ]
    /// Where padding of messages goes: a field that no version of any message will have.
    private static let paddingField = 2047

    // MARK: Values

    /// The template with everything filled in; bytes as base64, as protobuf's JSON has them.
    func json(_ template: JSONValue) throws(TemplateError) -> JSONValue {
        switch template {
        case .string(let text) where text.hasPrefix("$"): return try variable(text)
        case .array(let items):
            var values: [JSONValue] = []
            for item in items { values.append(try json(item)) }
            return .array(values)
        case .object(let object):
            guard let first = object.members.first, first.name.hasPrefix("$") else {
                var result = JSONObject()
                for member in object.members { result.append(member.name, try json(member.value)) }
                return .object(result)
            }
            switch first.name {
            case "$repeat", "$limit": return try expression(first.name, object)
            default: return .string(Base64.encode(try bytes(template)[...]))
            }
        default: return template
        }
    }

    /// A template that stands for bytes: an expression, a plain string for its UTF-8, or with `type` the JSON of such a message.
    func bytes(_ template: JSONValue, type: String? = nil) throws(TemplateError) -> [UInt8] {
        switch template {
        case .string(let text): return Array((text.hasPrefix("$") ? try string(template) : text).utf8)
        case .array(let items):
            var bytes: [UInt8] = []
            for item in items { bytes += try self.bytes(item) }
            return bytes
        case .object(let object):
            guard let first = object.members.first, first.name.hasPrefix("$") else {
                guard let type else { throw TemplateError(description: "\(template.text().prefix(80)) stands for no bytes") }
                return try message(type, template)
            }
            return try byteExpression(first.name, first.value, object)
        default: throw TemplateError(description: "\(template.text().prefix(80)) stands for no bytes")
        }
    }

    func number(_ template: JSONValue) throws(TemplateError) -> Int {
        guard let number = try json(template).number?.integer(as: Int.self) else { throw TemplateError(description: "\(template.text().prefix(80)) is no whole number") }
        return number
    }

    func call(_ template: JSONValue) throws(TemplateError) -> UInt32 {
        guard let call = UInt32(exactly: try number(template)) else { throw TemplateError(description: "\(template.text()) is no number of a call") }
        return call
    }

    func string(_ template: JSONValue) throws(TemplateError) -> String {
        guard let string = try json(template).string else { throw TemplateError(description: "\(template.text().prefix(80)) is no string") }
        return string
    }

    func message(_ type: String, _ template: JSONValue) throws(TemplateError) -> [UInt8] {
        let value = try json(template)
        do throws(ReflectionError) {
            return try descriptors.jsonToMessage(type, value)
        } catch {
            throw TemplateError(description: "\(error)")
        }
    }

    func frame(_ template: JSONValue) throws(TemplateError) -> [UInt8] { try message("mien.v1.Frame", template) }

    // MARK: Expressions

    private func variable(_ text: String) throws(TemplateError) -> JSONValue {
        guard let value = variables[String(text.dropFirst())] else {
            throw TemplateError(description: "\(text) is not known here; known are \(variables.keys.sorted().map { "$" + $0 }.joined(separator: ", "))")
        }
        return value
    }

    private func count(_ object: JSONObject, _ key: String) throws(TemplateError) -> Int {
        guard let value = object[key] else { throw TemplateError(description: "\(object.members[0].name) needs \"\(key)\"") }
        let count = try number(value)
        guard (0...1 << 30).contains(count) else { throw TemplateError(description: "\"\(key)\" is \(count)") }
        return isTrial ? min(count, 1) : count
    }

    private func expression(_ name: String, _ object: JSONObject) throws(TemplateError) -> JSONValue {
        if name == "$repeat" {
            try refuseUnknown(object, [name, "count"])
            return .string(String(repeating: try string(object.members[0].value), count: try count(object, "count")))
        }
        try refuseUnknown(object, [name, "plus"])
        guard let limit = Self.limitNames.first(where: { $0.0 == object.members[0].value.string }) else {
            throw TemplateError(description: "$limit is none of \(Self.limitNames.map(\.0).joined(separator: ", "))")
        }
        return .number(JSONNumber(limit.1(limits) + (try object["plus"].map { value throws(TemplateError) in try number(value) } ?? 0)))
    }

    private func byteExpression(_ name: String, _ value: JSONValue, _ object: JSONObject) throws(TemplateError) -> [UInt8] {
        switch name {
        case "$text":
            try refuseUnknown(object, [name])
            return Array(try string(value).utf8)
        case "$hex":
            try refuseUnknown(object, [name])
            guard let bytes = Self.hexadecimal(value.string ?? "?") else { throw TemplateError(description: "\(value.text().prefix(80)) is no row of hexadecimal bytes") }
            return bytes
        case "$u32":
            try refuseUnknown(object, [name])
            guard let number = UInt32(exactly: try number(value)) else { throw TemplateError(description: "\(value.text()) does not fit into 32 bits") }
            return bigEndian(number)
        case "$frame":
            try refuseUnknown(object, [name])
            let frame = try self.frame(value)
            return bigEndian(UInt32(frame.count)) + frame
        case "$padding":
            try refuseUnknown(object, [name])
            return Self.padding(try count(object, name))
        case "$message":
            try refuseUnknown(object, [name, "is"])
            return try message(value.string ?? "", object["is"] ?? .object(JSONObject()))
        case "$repeat": return Array(try string(.object(object)).utf8)
        case "$estimate":
            try refuseUnknown(object, [name])
            return try MadeUpRequest(value, self).encoded()
        default: throw TemplateError(description: "\(name) is no expression")
        }
    }

    func refuseUnknown(_ object: JSONObject, _ known: [String]) throws(TemplateError) {
        for member in object.members where !known.contains(member.name) {
            throw TemplateError(description: "\"\(member.name)\" does not belong to \(object.members[0].name)")
        }
    }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = text.filter { $0 != " " }
        guard digits.count % 2 == 0, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
        return zip(digits.indices, digits).enumerated().compactMap { place, pair in
            place % 2 == 0 ? UInt8(digits[pair.0...].prefix(2), radix: 16) : nil
        }
    }

    /// A field of so many bytes that no message knows: it makes any message as long as is wanted, and means nothing.
    private static func padding(_ count: Int) -> [UInt8] {
        varint(UInt64(paddingField << 3 | 2)) + varint(UInt64(count)) + [UInt8](repeating: 0x70, count: count)
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var value = value, bytes: [UInt8] = []
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }
}

func bigEndian(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) } }
