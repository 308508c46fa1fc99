package import MienJSON

/// What a string of a manifest may look like.
package struct TextRule: Sendable {
    /// Ends the sentence "this is not ...".
    package let meaning: String
    /// In UTF-8.
    private let mostBytes: Int
    /// The same for JSON Schema, which counts characters where `allows` counts bytes.
    private let pattern: String
    private let isAllowed: @Sendable (String) -> Bool

    private init(_ meaning: String, mostBytes: Int, pattern: String, _ isAllowed: @escaping @Sendable (String) -> Bool) {
        self.meaning = meaning
        self.mostBytes = mostBytes
        self.pattern = pattern
        self.isAllowed = isAllowed
    }

    package func allows(_ text: String) -> Bool { (1...mostBytes).contains(text.utf8.count) && isAllowed(text) }

    package var schema: [(String, JSONValue)] { [("type", "string"), ("maxLength", JSONValue(mostBytes)), ("pattern", .string("^\(pattern)$"))] }

    package static let id = TextRule("an id of lower-case letters, digits and single hyphens that begins with a letter, at most 64", mostBytes: 64, pattern: "[a-z](-?[a-z0-9])*") { text in
        text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") } && isLower(text.utf8.first!) && text.utf8.last! != UInt8(ascii: "-") && !text.contains("--")
    }
    package static let version = TextRule("a version of letters, digits and .+_- that begins with a letter or digit, at most 64", mostBytes: 64, pattern: name(extra: ".+_-")) { text in
        isName(text, extra: ".+_-")
    }
    package static let sha256 = TextRule("64 lower-case hexadecimal digits", mostBytes: 64, pattern: "[0-9a-f]{64}") { text in
        text.utf8.count == 64 && text.utf8.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
    }
    /// Neither absolute nor with a part that is empty or leads out of the folder, since no part may begin with a dot.
    package static let file = TextRule("the path of a file within the manifest's folder: plain names with / between", mostBytes: 512,
                                       pattern: "\(name(extra: "._+-", most: 128))(/\(name(extra: "._+-", most: 128)))*") { text in
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { $0.utf8.count <= 128 && isName($0, extra: "._+-") }
    }
    package static let text = text("text of 1 to 500 bytes without control characters", 500)
    package static let label = text("text of 1 to 64 bytes without control characters", 64)
    /// A name within the ONNX file.
    package static let tensor = text("a name of 1 to 200 bytes without control characters", 200)

    package static let argument = text("an argument of 1 to 1000 bytes without control characters", 1000)
    package static let variable = TextRule("the name of an environment variable", mostBytes: 128, pattern: "[A-Za-z_][A-Za-z0-9_]*") { text in
        !isDigit(text.utf8.first!) && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }
    package static let library = TextRule("the name of a library in the manifest's folder that ends in .so or .dylib", mostBytes: 128, pattern: "\(name(extra: "._+-"))\\.(so|dylib)") { text in
        isName(text, extra: "._+-") && (text.hasSuffix(".so") || text.hasSuffix(".dylib"))
    }

    private static func text(_ meaning: String, _ mostBytes: Int) -> TextRule {
        TextRule(meaning, mostBytes: mostBytes, pattern: "[^\\u0000-\\u001f\\u007f-\\u009f]+") { text in text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) } }
    }

    private static func name(extra: String, most: Int? = nil) -> String { "[A-Za-z0-9_][A-Za-z0-9\(extra)]" + (most.map { "{0,\($0 - 1)}" } ?? "*") }

    private static func isName(_ text: some StringProtocol, extra: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) || isDigit(first) || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || extra.utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }
}
