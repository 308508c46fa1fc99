/// What a name may look like before it becomes part of a path, of a URL or of a command line. Names come from JSON, and JSON is not trusted.
struct SafeName: Sendable {
    /// Ends the sentence "this is not ...".
    let meaning: String
    let allows: @Sendable (String) -> Bool

    static let modelID = SafeName(meaning: "an id of lower-case letters, digits and single hyphens, at most 64") { text in
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
            && isLower(text.utf8.first!) && text.utf8.last! != UInt8(ascii: "-") && !text.contains("--")
    }
    static let version = SafeName(meaning: "a version of letters, digits and .+_- that begins with a letter or digit, at most 64") { text in
        isWord(text, extra: "._+-", limit: 64)
    }
    static let file = SafeName(meaning: "a plain file name of letters, digits and ._- that begins with a letter or digit, at most 128") { text in
        isWord(text, extra: "._-", limit: 128) && text != InstalledRecord.fileName && !text.hasSuffix(Staging.partialSuffix)
    }
    static let package = SafeName(meaning: "the name of a Python package") { text in isWord(text, extra: "._-", limit: 128) }
    static let requirement = SafeName(meaning: "a pinned requirement, NAME==VERSION") { text in
        guard let equals = text.firstIndex(of: "="), text[equals...].hasPrefix("==") else { return false }
        return package.allows(String(text[..<equals])) && version.allows(String(text[equals...].dropFirst(2)))
    }
    static let repository = SafeName(meaning: "a repository, OWNER/NAME") { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { isWord(String($0), extra: "._-", limit: 128) }
    }
    static let relativePath = SafeName(meaning: "a relative path of plain names") { text in
        text.utf8.count <= 512 && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isWord(String($0), extra: "._+-", limit: 128, underscore: true) }
    }
    /// Wider than `file`, because model hubs have names such as "model_jealousy_&_envy_best.pth".
    static let hubFile = SafeName(meaning: "a plain file name of letters, digits and ._-+& with a letter, digit or _ first, at most 128") { text in
        isWord(text, extra: "._-+&", limit: 128, underscore: true) && !text.hasSuffix(Staging.partialSuffix)
    }
    static let glob = SafeName(meaning: "a relative path of plain names, with * for any characters within a name") { text in
        text.utf8.count <= 512 && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { name in
            // A star stands for what a name may hold, so that a name follows when it is replaced by a letter.
            isWord(String(name).replacing("*", with: "x"), extra: "._-+&", limit: 128, underscore: true) && !name.contains("**")
        }
    }
    static let commit = SafeName(meaning: "a commit, 40 lower-case hexadecimal digits") { text in isHexadecimal(text, digits: 40) }
    static let sha256 = SafeName(meaning: "64 lower-case hexadecimal digits") { text in isHexadecimal(text, digits: 64) }
    /// Plain http only to this machine, where there is nobody in between.
    static let url = SafeName(meaning: "an https URL") { text in
        let local = ["http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/", "http://[::1]:", "http://[::1]/"]
        return text.utf8.count <= 2_048 && (text.hasPrefix("https://") || local.contains { text.hasPrefix($0) })
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") }
            && !authority(of: text).contains("@")
    }
    static let text = SafeName(meaning: "text of 1 to 500 bytes without control characters") { text in
        (1...500).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
    }

    private static func isHexadecimal(_ text: String, digits: Int) -> Bool {
        text.utf8.count == digits && text.utf8.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }
    static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    /// Begins with a letter or digit (so neither with a hyphen, which tools would take for an option, nor with a dot) and has no "..".
    private static func isWord(_ text: String, extra: String, limit: Int, underscore: Bool = false) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= limit, !text.contains("..") else { return false }
        guard isLetter(first) || isDigit(first) || (underscore && first == UInt8(ascii: "_")) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || extra.utf8.contains($0) }
    }

    private static func authority(of url: String) -> Substring {
        guard let start = url.firstRange(of: "://") else { return "" }
        return url[start.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    }
}
