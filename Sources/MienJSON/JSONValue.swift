/// One JSON value (RFC 8259). Members of objects keep their order, and numbers keep their digits, so that a 64-bit
/// integer or a long decimal survives being read and written again.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of that name, if this is an object that has one.
    package subscript(name: String) -> JSONValue? { object?[name] }

    /// What kind of value this is, for error messages: "a string", "an object".
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Members in the order in which they were written. No two have the same name.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONValue
    }

    package private(set) var members: [Member] = []
    private var places: [String: Int] = [:]
    /// Up to here a search from the front is quicker than a hash table.
    private static let smallCount = 8

    package init() {}

    /// Of several members with one name the first counts.
    package init(_ members: [(String, JSONValue)]) {
        for (name, value) in members { append(name, value) }
    }

    package var count: Int { members.count }

    package subscript(name: String) -> JSONValue? { place(of: name).map { members[$0].value } }

    /// Adds a member at the end. Returns false, and changes nothing, if the name is taken.
    @discardableResult
    package mutating func append(_ name: String, _ value: JSONValue) -> Bool {
        guard place(of: name) == nil else { return false }
        members.append(Member(name: name, value: value))
        if members.count == Self.smallCount + 1 {
            for (place, member) in members.enumerated() { places[member.name] = place }
        } else if members.count > Self.smallCount {
            places[name] = members.count - 1
        }
        return true
    }

    private func place(of name: String) -> Int? {
        members.count <= Self.smallCount ? members.firstIndex { $0.name == name } : places[name]
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
}

/// A number as its digits. Always valid JSON.
package struct JSONNumber: Sendable, Equatable {
    package let digits: String

    /// - Parameter digits: Text that matches JSON's grammar for numbers; the parser has checked it.
    init(checked digits: String) { self.digits = digits }

    package init(_ value: some FixedWidthInteger) { digits = String(value) }

    /// `nil` for NaN and the infinities, which JSON cannot express. Shortest digits that read back as the same value.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        digits = Self.trimmed(value.description)
    }

    /// `nil` for NaN and the infinities. Shortest digits that read back as the same `Float`.
    package init?(_ value: Float) {
        guard value.isFinite else { return nil }
        digits = Self.trimmed(value.description)
    }

    private static func trimmed(_ description: String) -> String {
        description.hasSuffix(".0") ? String(description.dropLast(2)) : description
    }

    /// The nearest double; `nil` if the number is too large for one.
    package var double: Double? {
        guard let value = Double(digits), value.isFinite else { return nil }
        return value
    }

    /// The number as an integer, if it is one and fits: `12`, but also `12.0` and `1.2e1`.
    package func integer<Integer: FixedWidthInteger>(as type: Integer.Type = Integer.self) -> Integer? {
        Integer(digits) ?? integerFromDecimal()
    }

    /// Moves the decimal point by hand, because a detour over `Double` would round above 2^53.
    private func integerFromDecimal<Integer: FixedWidthInteger>() -> Integer? {
        var text = Substring(digits)
        let negative = text.first == "-"
        if negative { text.removeFirst() }
        var exponent = 0
        if let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let value = Int(text[text.index(after: mark)...]), (-1_000...1_000).contains(value) else { return nil }
            exponent = value
            text = text[..<mark]
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var significant = String(parts[0])
        if parts.count == 2 {
            significant += parts[1]
            exponent -= parts[1].count
        }
        while exponent < 0, significant.last == "0" {
            significant.removeLast()
            exponent += 1
        }
        if significant.allSatisfy({ $0 == "0" }) { return 0 }
        guard exponent >= 0, exponent <= 40 else { return nil }
        return Integer((negative ? "-" : "") + significant + String(repeating: "0", count: exponent))
    }
}
