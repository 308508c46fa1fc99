package import MienJSON

/// A key of a manifest: its name, what may stand there, and what people should know about it. The decoder reads by it, and the JSON Schema for editors is made of it,
/// so that the two cannot differ.
package struct ManifestKey<Value>: ManifestMember {
    package let name: String
    package let isRequired: Bool
    package let schema: JSONObject
    fileprivate let read: @Sendable (ManifestNode) throws(ManifestError) -> Value

    /// - Parameters:
    ///   - absent: What it is worth where it is left out; nil: it must not be.
    ///   - about: One sentence.
    ///   - rules: What JSON Schema says about it.
    private init(_ name: String, absent: (@Sendable () -> Value)?, _ about: String, _ rules: [(String, JSONValue)], _ read: @escaping @Sendable (ManifestNode) throws(ManifestError) -> Value) {
        self.name = name
        isRequired = absent == nil
        schema = JSONObject([("description", .string(about))] + rules)
        self.read = { (node) throws(ManifestError) in
            if let absent, !node.has(name) { return absent() }
            return try read(node)
        }
    }
}

/// What all keys have in common.
package protocol ManifestMember: Sendable {
    var name: String { get }
    var isRequired: Bool { get }
    var schema: JSONObject { get }
}

extension ManifestNode {
    /// - Throws: `ManifestError` if the value is missing, or not as the key has it.
    package func callAsFunction<Value>(_ key: ManifestKey<Value>) throws(ManifestError) -> Value { try key.read(self) }
}

// MARK: Kinds of values

@Sendable private func noElements<Element>() -> [Element] { [] }

extension ManifestKey where Value == String {
    package static func text(_ name: String, _ rule: TextRule, _ about: String) -> Self {
        Self(name, absent: nil, about, rule.schema) { (node) throws(ManifestError) in try node.string(name, rule) }
    }
}

extension ManifestKey where Value == String? {
    package static func text(optional name: String, _ rule: TextRule, _ about: String) -> Self {
        Self(name, absent: { nil }, about, rule.schema) { (node) throws(ManifestError) in try node.string(name, rule) }
    }
}

extension ManifestKey where Value == [String] {
    /// - Parameters:
    ///   - isOptional: None, where it is left out.
    ///   - isSet: No text twice.
    ///   - known: No others than these; empty: all that the rule allows.
    ///   - suggestions: What editors offer, beside what the rule allows.
    package static func texts(_ name: String, _ rule: TextRule, count: ClosedRange<Int>, isOptional: Bool = false, isSet: Bool = false, only known: [String] = [],
                              suggestions: [String] = [], _ about: String) -> Self {
        func choice(_ words: [String]) -> JSONValue { ["enum": .array(words.map(JSONValue.string))] }
        let any = JSONValue.object(JSONObject(rule.schema))
        let element = !known.isEmpty ? choice(known) : suggestions.isEmpty ? any : ["anyOf": [choice(suggestions), any]]
        let rules: [(String, JSONValue)] = [("type", "array"), ("items", element)] + count.schema + (isSet ? [("uniqueItems", true)] : [])
        return Self(name, absent: isOptional ? noElements : nil, about, rules) { (node) throws(ManifestError) in
            let strings = try node.strings(name, rule, count: count)
            if !known.isEmpty, let other = strings.first(where: { !known.contains($0) }) { throw node.failure(name, "has \(shown(other)); known are \(known.joined(separator: ", "))") }
            var seen: Set<String> = []
            if isSet, let twice = strings.first(where: { !seen.insert($0).inserted }) { throw node.failure(name, "has \(shown(twice)) twice") }
            return strings
        }
    }
}

extension ManifestKey where Value == Int {
    /// - Parameter absent: What it is where it is left out; nil: it must not be.
    package static func integer(_ name: String, in range: ClosedRange<Int>, or absent: Int? = nil, _ about: String) -> Self {
        var rules: [(String, JSONValue)] = [("type", "integer"), ("minimum", JSONValue(range.lowerBound)), ("maximum", JSONValue(range.upperBound))]
        guard let absent else { return Self(name, absent: nil, about, rules) { (node) throws(ManifestError) in try node.integer(name, in: range) } }
        rules.append(("default", JSONValue(absent)))
        return Self(name, absent: { absent }, about, rules) { (node) throws(ManifestError) in try node.integer(name, in: range) }
    }
}

extension ManifestKey where Value == Double? {
    package static func number(optional name: String, in range: ClosedRange<Double>, _ about: String) -> Self {
        let rules: [(String, JSONValue)] = [("type", "number"), ("minimum", JSONValue(range.lowerBound)), ("maximum", JSONValue(range.upperBound))]
        return Self(name, absent: { nil }, about, rules) { (node) throws(ManifestError) in try node.number(name, in: range) }
    }
}

extension ManifestKey where Value == Bool {
    /// False where it is left out.
    package static func flag(_ name: String, _ about: String) -> Self {
        Self(name, absent: { false }, about, [("type", "boolean"), ("default", false)]) { (node) throws(ManifestError) in try node.bool(name) }
    }
}

extension ManifestKey where Value: RawRepresentable<String> & CaseIterable & Sendable {
    package static func choice(_ name: String, _ about: String) -> Self {
        Self(name, absent: nil, about, [("enum", .array(Value.allCases.map { .string($0.rawValue) }))]) { (node) throws(ManifestError) in try node.choice(name) }
    }
}

extension ManifestKey where Value == Void {
    /// One that nothing is made of here.
    package static func ignored(_ name: String, _ about: String, _ rules: [(String, JSONValue)]) -> Self {
        Self(name, absent: {}, about, rules) { _ in }
    }

    /// A range of versions; where it is left out, that one.
    ///
    /// - Parameter version: The one that has to be in it.
    package static func versions(optional name: String, holding version: Int, _ about: String) -> Self {
        let rules: [(String, JSONValue)] = [
            ("type", "array"), ("prefixItems", [["type": "integer", "minimum": 1, "maximum": JSONValue(version)], ["type": "integer", "minimum": JSONValue(version)]]),
        ]
        return Self(name, absent: {}, about, rules + (2...2).schema + [("default", [JSONValue(version), JSONValue(version)])]) { (node) throws(ManifestError) in
            let versions: [Int?] = try node.array(name, count: 2...2).map { $0.value.number?.integer() }
            guard let lowest = versions[0], let highest = versions[1], lowest >= 1 else { throw node.failure(name, "is not the lowest and the highest of some versions, such as [1, 1]") }
            guard lowest <= version, version <= highest else {
                throw node.failure(name, "is from \(lowest) to \(highest), and this build speaks version \(version)")
            }
        }
    }
}

extension ManifestKey where Value == ManifestNode? {
    package static func object(optional name: String, _ shape: ManifestShape, _ about: String) -> Self {
        Self(name, absent: { nil }, about, shape.schema.members.map { ($0.name, $0.value) }) { (node) throws(ManifestError) in try node.node(name, keys: shape.names) }
    }
}

extension ManifestKey where Value == [ManifestNode] {
    package static func objects(_ name: String, _ shape: ManifestShape, count: ClosedRange<Int>, isOptional: Bool = false, _ about: String) -> Self {
        Self(name, absent: isOptional ? noElements : nil, about, [("type", "array"), ("items", .object(shape.schema))] + count.schema) { (node) throws(ManifestError) in
            try node.nodes(name, count: count, keys: shape.names)
        }
    }
}

// MARK: Objects

/// The keys of an object, and what they have to do with each other.
package struct ManifestShape: Sendable {
    private let members: [any ManifestMember]
    private let rules: [(String, JSONValue)]

    /// - Parameter rules: What JSON Schema says beside the keys. The decoder has to see to it by itself.
    package init(_ members: [any ManifestMember], rules: [(String, JSONValue)] = []) {
        self.members = members
        self.rules = rules
    }

    package var names: [String] { members.map(\.name) }

    package var schema: JSONObject {
        let properties = JSONObject(members.map { ($0.name, .object($0.schema)) }), required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        return JSONObject([("type", "object"), ("additionalProperties", false), ("required", .array(required)), ("properties", .object(properties))] + rules)
    }

    /// Of some keys more than what they are by themselves, and that others may not be there: for `allOf` and its like.
    package static func narrowed(_ members: [any ManifestMember], without others: [any ManifestMember] = []) -> JSONValue {
        let properties = members.map { ($0.name, JSONValue.object($0.schema)) } + others.map { ($0.name, false) }
        return .object(JSONObject([("properties", .object(JSONObject(properties))), ("required", .array(members.filter(\.isRequired).map { .string($0.name) }))]))
    }
}

extension ClosedRange<Int> {
    /// Of the number of elements.
    fileprivate var schema: [(String, JSONValue)] { [("minItems", JSONValue(lowerBound)), ("maxItems", JSONValue(upperBound))] }
}
