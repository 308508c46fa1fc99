/// A repository of the model hub, and what of it belongs to a model.
package struct CatalogueRepository: Sendable, Equatable {
    /// OWNER/NAME.
    package var name: String
    /// A branch, a tag or a commit.
    package var revision: String
    /// Where the files are installed, within the model's folder.
    package var folder: String
    /// One of these at least must match something.
    package var files: [Glob]
    /// Each of these must match something.
    package var required: [Glob]

    /// Whether a file of the repository belongs to the model.
    func wants(path: String) -> Bool { (files + required).contains { $0.matches(path) } }

    /// Whether `name` may be one of its files as installed, FOLDER/NAME.
    func owns(installed name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0] == folder && SafeName.hubFile.allows(String(parts[1]))
            && (files + required).contains { $0.fileName.matches(String(parts[1])) }
    }

    /// What is missing, to end "has ..."; `nil` if nothing is.
    ///
    /// - Parameters:
    ///   - paths: Of the files that are there.
    ///   - namesOnly: They have lost their folders.
    func lack(in paths: [String], namesOnly: Bool = false) -> String? {
        func found(_ glob: Glob) -> Bool { paths.contains { (namesOnly ? glob.fileName : glob).matches($0) } }
        if let missing = required.first(where: { !found($0) }) { return "nothing that matches \(missing.pattern), which is required" }
        return (files + required).contains(where: found) ? nil : "nothing that matches " + files.map(\.pattern).joined(separator: ", ")
    }
}

/// A pattern for paths in which `*` stands for any characters, none included, within one component. As in a shell it does not stand for a
/// dot at the beginning.
package struct Glob: Sendable, Equatable {
    package let pattern: String

    init(_ pattern: String) { self.pattern = pattern }

    /// The pattern of the last component.
    var fileName: Glob { Glob(String(pattern.split(separator: "/").last ?? "")) }

    func matches(_ path: String) -> Bool {
        let patterns = pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return patterns.count == names.count && zip(patterns, names).allSatisfy { Self.matches(Array($0), Array($1)) }
    }

    /// Goes back to the last star only, so that the time is at most the product of the lengths.
    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        let any = UInt8(ascii: "*")
        if pattern.first == any, name.first == UInt8(ascii: ".") { return false }
        var place = 0, next = 0
        var star: (pattern: Int, name: Int)?
        while next < name.count {
            if place < pattern.count, pattern[place] == any {
                star = (place, next)
                place += 1
            } else if place < pattern.count, pattern[place] == name[next] {
                place += 1
                next += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                place = last.pattern + 1
                next = last.name + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == any }
    }
}
