import MienJSON
import MienReflection

/// Compares a message with what a script expects of it: every member that the script names has to be there, and others may.
struct Matcher {
    let scope: Scope

    /// Why `value` is not what is expected; nil if it is.
    ///
    /// - Parameter value: Nil: not there, which in proto3 is the same as a default value.
    func mismatch(_ expected: JSONValue, _ value: JSONValue?, path: String = "") throws(TemplateError) -> String? {
        if case .object(let object) = expected {
            if let first = object.members.first, first.name.hasPrefix("$"), first.name != "$repeat", first.name != "$limit" {
                return try special(first.name, first.value, object, value, path)
            }
            if object.members.first?.name.hasPrefix("$") != true { return try members(object, value, path) }
        }
        if case .array(let items) = expected { return try elements(items, value, path) }
        let expected = try scope.json(expected)
        return Self.agree(expected, value) ? nil : differs(path, "\(Self.shown(expected))", value)
    }

    private func members(_ object: JSONObject, _ value: JSONValue?, _ path: String) throws(TemplateError) -> String? {
        guard let found = value?.object else { return object.members.isEmpty && value == nil ? differs(path, "to be there", value) : differs(path, "a message", value) }
        for member in object.members {
            let place = path.isEmpty ? member.name : "\(path).\(member.name)"
            if let mismatch = try mismatch(member.value, found[member.name], path: place) { return mismatch }
        }
        return nil
    }

    private func elements(_ items: [JSONValue], _ value: JSONValue?, _ path: String) throws(TemplateError) -> String? {
        let found = value?.array ?? []
        guard found.count == items.count else { return differs(path, "\(items.count) elements", .string("\(found.count)")) }
        for (index, item) in items.enumerated() { if let mismatch = try mismatch(item, found[index], path: "\(path)[\(index)]") { return mismatch } }
        return nil
    }

    private func special(_ name: String, _ argument: JSONValue, _ object: JSONObject, _ value: JSONValue?, _ path: String) throws(TemplateError) -> String? {
        switch name {
        case "$any": return value == nil ? differs(path, "anything", value) : nil
        case "$absent": return value == nil ? nil : differs(path, "nothing", value)
        case "$says":
            let word = try scope.string(argument)
            return value?.string?.lowercased().contains(word.lowercased()) == true ? nil : differs(path, "something that says \"\(word)\"", value)
        case "$least":
            let least = try scope.number(argument)
            let number = value?.number?.double ?? value?.string.flatMap { Double($0) } ?? 0
            return number >= Double(least) ? nil : differs(path, "at least \(least)", value)
        case "$bytes":
            let count = try scope.number(argument), found = value?.string.flatMap { Base64.decode($0)?.count } ?? 0
            return found == count ? nil : differs(path, "\(count) bytes", .string("\(found) bytes"))
        case "$contains":
            for item in value?.array ?? [] { if try mismatch(argument, item) == nil { return nil } }
            return differs(path, "one element like \(Self.shown(argument))", value)
        case "$one_of":
            for choice in argument.array ?? [] { if try mismatch(choice, value) == nil { return nil } }
            return differs(path, "one of \(Self.shown(argument))", value)
        case "$message" where object["is"] != nil || object.count == 1:
            // Serialised within a field of bytes.
            guard let type = argument.string, let bytes = Base64.decode(value?.string ?? "") else { return differs(path, "bytes", value) }
            let message: JSONValue
            do throws(ReflectionError) { message = try scope.descriptors.messageToJSON(type, bytes) } catch { return differs(path, "a \(type)", .string("\(error)")) }
            return try mismatch(object["is"] ?? .object(JSONObject()), message, path: path)
        default:
            let expected = try scope.json(.object(object))
            return Self.agree(expected, value) ? nil : differs(path, Self.shown(expected), value)
        }
    }

    private func differs(_ path: String, _ expected: String, _ value: JSONValue?) -> String {
        (path.isEmpty ? "" : "\(path): ") + "expected \(expected), came \(value.map(Self.shown) ?? "nothing")"
    }

    /// Equal, as protobuf's JSON sees it: 64-bit integers are strings there, and a default value is left out.
    private static func agree(_ expected: JSONValue, _ value: JSONValue?) -> Bool {
        guard let value else {
            switch expected {
            case .null, .bool(false), .string(""), .array([]): return true
            case .number(let number): return number.double == 0
            default: return false
            }
        }
        switch (expected, value) {
        case (.number(let one), .number(let other)): return one == other || one.double == other.double
        case (.number(let one), .string(let other)): return one.digits == other
        default: return expected == value
        }
    }

    /// Long values cut: for one line of a report.
    static func shown(_ value: JSONValue) -> String {
        let text = value.text()
        return text.count > 160 ? "\(text.prefix(120))... (\(text.utf8.count) characters)" : text
    }
}
