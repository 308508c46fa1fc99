package import MienJSON

/// An object within a manifest, which knows where it stands and which keys it may have.
package struct ManifestNode {
    private let object: JSONObject
    private let path: String
    private let file: String

    /// - Throws: `ManifestError` if the value is no object, or has a key beside `keys`.
    package init(_ value: JSONValue, at path: String, of file: String, keys: [String]) throws(ManifestError) {
        self.path = path
        self.file = file
        guard let object = value.object else { throw ManifestError(file: file, key: path, "is \(value.kind) where an object belongs") }
        self.object = object
        for member in object.members where !keys.contains(member.name) {
            throw ManifestError(file: file, key: place(shown(member.name)), "is not a key of the schema; known are: \(keys.joined(separator: ", "))")
        }
    }

    /// Reads a manifest of schema 1.
    ///
    /// - Parameters:
    ///   - file: What to call it in errors.
    ///   - limit: Most bytes.
    ///   - keys: Those that the root may have, "schema" among them.
    /// - Throws: `ManifestError`, naming line and key.
    package static func read<Manifest>(_ json: some Collection<UInt8>, file: String, limit: Int, keys: [String],
                                       _ body: (ManifestNode) throws(ManifestError) -> Manifest) throws(ManifestError) -> Manifest {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(json, limits: JSONLimits(bytes: limit, depth: 8))
        } catch {
            throw ManifestError(file: file, "\(error)")
        }
        do throws(ManifestError) {
            let root = try ManifestNode(value, at: "", of: file, keys: keys)
            let schema = try root.integer("schema", in: 1...Int.max)
            guard schema == 1 else { throw root.failure("schema", "is \(schema), but this build reads schema 1") }
            return try body(root)
        } catch {
            throw error.located(in: json)
        }
    }

    package func failure(_ key: String, _ message: String) -> ManifestError { ManifestError(file: file, key: place(key), message) }

    package func has(_ key: String) -> Bool { object[key] != nil }

    // MARK: Values

    private func required(_ key: String) throws(ManifestError) -> JSONValue {
        guard let value = object[key] else { throw failure(key, "is missing") }
        return value
    }

    package func string(_ key: String, _ rule: TextRule) throws(ManifestError) -> String {
        let value = try required(key)
        guard let string = value.string else { throw failure(key, "is \(value.kind) where a string belongs") }
        guard rule.allows(string) else { throw failure(key, "is \(shown(string)), which is not \(rule.meaning)") }
        return string
    }

    /// Nil for null, which has to be written out.
    package func stringOrNull(_ key: String, _ rule: TextRule) throws(ManifestError) -> String? {
        try required(key) == .null ? nil : string(key, rule)
    }

    package func optionalString(_ key: String, _ rule: TextRule) throws(ManifestError) -> String? { has(key) ? try string(key, rule) : nil }

    package func bool(_ key: String) throws(ManifestError) -> Bool {
        let value = try required(key)
        guard let bool = value.bool else { throw failure(key, "is \(value.kind) where true or false belongs") }
        return bool
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws(ManifestError) -> Int {
        guard let integer: Int = try required(key).number?.integer(), range.contains(integer) else {
            throw failure(key, "is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    package func number(_ key: String, in range: ClosedRange<Double>) throws(ManifestError) -> Double {
        try number(try required(key), key, range)
    }

    /// An array of exactly `count` numbers.
    package func numbers(_ key: String, count: Int, in range: ClosedRange<Double>) throws(ManifestError) -> [Double] {
        let elements = try array(key, count: count...count)
        var numbers: [Double] = []
        for (index, element) in elements.enumerated() { numbers.append(try number(element.value, "\(key)[\(index)]", range)) }
        return numbers
    }

    package func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, of type: Choice.Type = Choice.self) throws(ManifestError) -> Choice {
        guard let word = try required(key).string, let choice = Choice(rawValue: word) else {
            throw failure(key, "is none of: \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    // MARK: Within

    package func array(_ key: String, count: ClosedRange<Int>) throws(ManifestError) -> [(value: JSONValue, path: String)] {
        let value = try required(key)
        guard let array = value.array else { throw failure(key, "is \(value.kind) where an array belongs") }
        guard count.contains(array.count) else {
            let wanted = count.count == 1 ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
            throw failure(key, "has \(array.count) elements where there must be \(wanted)")
        }
        return array.enumerated().map { (value: $1, path: "\(place(key))[\($0)]") }
    }

    package func strings(_ key: String, _ rule: TextRule, count: ClosedRange<Int>) throws(ManifestError) -> [String] {
        var strings: [String] = []
        for (value, _) in try array(key, count: count) {
            let place = "\(key)[\(strings.count)]"
            guard let string = value.string else { throw failure(place, "is \(value.kind) where a string belongs") }
            guard rule.allows(string) else { throw failure(place, "is \(shown(string)), which is not \(rule.meaning)") }
            strings.append(string)
        }
        return strings
    }

    package func nodes(_ key: String, count: ClosedRange<Int>, keys: [String]) throws(ManifestError) -> [ManifestNode] {
        var nodes: [ManifestNode] = []
        for (value, path) in try array(key, count: count) { nodes.append(try ManifestNode(value, at: path, of: file, keys: keys)) }
        return nodes
    }

    package func node(_ key: String, keys: [String]) throws(ManifestError) -> ManifestNode {
        try ManifestNode(try required(key), at: place(key), of: file, keys: keys)
    }

    private func place(_ key: String) -> String { path.isEmpty ? key : key.isEmpty ? path : "\(path).\(key)" }

    private func number(_ value: JSONValue, _ key: String, _ range: ClosedRange<Double>) throws(ManifestError) -> Double {
        guard let number = value.number?.double, range.contains(number) else {
            throw failure(key, "is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

/// A word of the manifest's author in an error message: quoted, cut to a sensible length.
package func shown(_ text: String) -> String { JSONValue.string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(80)))).text() }
