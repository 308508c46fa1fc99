internal import MienJSON

/// An object within the catalogue, which knows where it stands.
struct CatalogueNode {
    struct Element {
        var value: JSONValue
        var path: String

        func string(_ rule: SafeName, origin: String) throws(ModelStoreError) -> String {
            guard let string = value.string else { throw ModelStoreError(.badCatalogue, "\(origin): \(path) is \(value.kind), not a string") }
            guard rule.allows(string) else { throw ModelStoreError(.badCatalogue, "\(origin): \(path) is \(quoted(string)), which is not \(rule.meaning)") }
            return string
        }
    }

    let object: JSONObject
    let path: String
    let origin: String

    init(_ value: JSONValue, path: String, origin: String, keys: [String]) throws(ModelStoreError) {
        self.path = path
        self.origin = origin
        guard let object = value.object else {
            throw ModelStoreError(.badCatalogue, "\(origin): \(path.isEmpty ? "the whole" : path) is \(value.kind), not an object")
        }
        self.object = object
        for member in object.members where !keys.contains(member.name) { throw failure(quoted(member.name), "is not a key of the schema") }
    }

    init(_ element: Element, origin: String, keys: [String]) throws(ModelStoreError) {
        try self.init(element.value, path: element.path, origin: origin, keys: keys)
    }

    private func place(_ key: String) -> String { [path, key].filter { !$0.isEmpty }.joined(separator: ".") }

    func failure(_ key: String, _ message: String) -> ModelStoreError { ModelStoreError(.badCatalogue, "\(origin): \(place(key)) \(message)") }

    private func required(_ key: String) throws(ModelStoreError) -> JSONValue {
        guard let value = object[key] else { throw failure(key, "is missing") }
        return value
    }

    /// Nil if it is not there.
    func bool(_ key: String) throws(ModelStoreError) -> Bool? {
        guard let value = object[key] else { return nil }
        guard let bool = value.bool else { throw failure(key, "is \(value.kind) where true or false belongs") }
        return bool
    }

    func string(_ key: String, _ rule: SafeName) throws(ModelStoreError) -> String {
        try Element(value: try required(key), path: place(key)).string(rule, origin: origin)
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelStoreError) -> Int {
        let value = try required(key)
        guard let integer: Int = value.number?.integer(), range.contains(integer) else {
            throw failure(key, "is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func array(_ key: String) throws(ModelStoreError) -> [Element] {
        let value = try required(key)
        guard let array = value.array else { throw failure(key, "is \(value.kind), not an array") }
        return array.enumerated().map { Element(value: $1, path: "\(place(key))[\($0)]") }
    }

    /// One at least.
    func strings(_ key: String, _ rule: SafeName) throws(ModelStoreError) -> [String] {
        var strings: [String] = []
        for element in try array(key) { strings.append(try element.string(rule, origin: origin)) }
        guard !strings.isEmpty else { throw failure(key, "is empty") }
        return strings
    }

    func node(_ key: String, keys: [String]) throws(ModelStoreError) -> CatalogueNode? {
        guard let value = object[key] else { return nil }
        return try CatalogueNode(value, path: place(key), origin: origin, keys: keys)
    }
}

/// For errors about text that nobody has checked yet.
func quoted(_ text: String) -> String { JSONValue.string(String(text.unicodeScalars.prefix(80).map(Character.init))).text() }
