package import MienReflection
import MienJSON

extension ConformanceCase {
    /// The cases of one file.
    ///
    /// - Parameter file: Its name, for messages.
    /// - Throws: `CaseFileError` that names the file, the case and the step.
    package static func read(_ bytes: [UInt8], file: String, _ descriptors: DescriptorPool) throws(CaseFileError) -> [ConformanceCase] {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue.parse(bytes) } catch { throw CaseFileError(file, "", "\(error)") }
        guard let root = json.object else { throw CaseFileError(file, "", "is \(json.kind), where an object with \"cases\" should be") }
        try refuseUnknown(root, ["about", "for", "needs", "cases"], file, "")
        guard let list = root["cases"]?.array, !list.isEmpty else { throw CaseFileError(file, "", "has no \"cases\"") }
        var cases: [ConformanceCase] = []
        for (index, value) in list.enumerated() {
            let one = try read(value, index, file: file, root)
            guard !cases.contains(where: { $0.name == one.name }) else { throw CaseFileError(file, one.name, "is there twice") }
            try TemplateCheck(one, descriptors).run()
            cases.append(one)
        }
        return cases
    }

    private static func read(_ value: JSONValue, _ index: Int, file: String, _ root: JSONObject) throws(CaseFileError) -> ConformanceCase {
        let place = value["name"]?.string ?? "case \(index + 1)"
        guard let object = value.object else { throw CaseFileError(file, place, "is \(value.kind), where a case needs an object") }
        try refuseUnknown(object, ["name", "about", "for", "needs", "each", "greets", "steps"], file, place)
        guard let name = object["name"]?.string, isKebab(name) else { throw CaseFileError(file, place, "\"name\" is not in kebab-case") }
        guard let about = object["about"]?.string, !about.isEmpty else { throw CaseFileError(file, name, "needs \"about\", a sentence") }
        guard let list = object["steps"]?.array, !list.isEmpty else { throw CaseFileError(file, name, "has no \"steps\"") }
        let roles = try words(object["for"] ?? root["for"], "for", Role.self, file, name)
        guard !roles.isEmpty else { throw CaseFileError(file, name, "needs \"for\": some of \(Role.allCases.map(\.rawValue).joined(separator: ", "))") }
        let greets: Bool
        switch object["greets"] {
        case nil: greets = true
        case .bool(let value): greets = value
        case let other?: throw CaseFileError(file, name, "\"greets\" is \(other.kind), where true or false should be")
        }
        let each = try object["each"].map { value throws(CaseFileError) in try words(value, "each", Each.self, file, name) }
        guard each?.count ?? 1 == 1 else { throw CaseFileError(file, name, "\"each\" is one of \(Each.allCases.map(\.rawValue).joined(separator: ", "))") }
        guard each == nil || roles == [.plugin] else { throw CaseFileError(file, name, "\"each\" is for cases of plugins alone") }
        return ConformanceCase(name: name, about: about, file: file, roles: Set(roles), needs: Set(try words(object["needs"] ?? root["needs"], "needs", Need.self, file, name)),
                               each: each?.first, greets: greets, steps: try StepReader(file: file, name: name).steps(list))
    }

    /// A word, or several in an array.
    private static func words<Word: RawRepresentable & CaseIterable>(_ value: JSONValue?, _ key: String, _: Word.Type, _ file: String, _ place: String) throws(CaseFileError) -> [Word]
    where Word.RawValue == String {
        guard let value else { return [] }
        var words: [Word] = []
        for item in value.array ?? [value] {
            guard let word = item.string.flatMap({ Word(rawValue: $0) }) else {
                throw CaseFileError(file, place, "\"\(key)\" has \(item.text()), which is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            words.append(word)
        }
        return words
    }

    private static func refuseUnknown(_ object: JSONObject, _ known: [String], _ file: String, _ place: String) throws(CaseFileError) {
        for member in object.members where !known.contains(member.name) {
            throw CaseFileError(file, place, "\"\(member.name)\" is none of \(known.joined(separator: ", "))")
        }
    }
}

/// Lower-case letters and digits in words with - between them.
func isKebab(_ text: String) -> Bool {
    !text.isEmpty && text.split(separator: "-", omittingEmptySubsequences: false).allSatisfy { word in
        !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }
}
