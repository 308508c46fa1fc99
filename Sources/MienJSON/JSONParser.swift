/// What is accepted before reading stops. Both are checked before memory is taken.
package struct JSONLimits: Sendable {
    /// Size of the whole text.
    package var bytes: Int
    /// Arrays and objects within one another.
    package var depth: Int

    package init(bytes: Int = 16 << 20, depth: Int = 64) {
        self.bytes = bytes
        self.depth = depth
    }
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    /// Bytes from the start of the text.
    package var offset: Int
    /// Line from 1, and byte within the line from 1.
    package var line: Int
    package var column: Int

    package var description: String { "line \(line), column \(column): \(message)" }
}

extension JSONValue {
    /// Reads one JSON text by the letter of RFC 8259: UTF-8 without a byte order mark, no comments, no trailing commas, nothing
    /// after the value. Stricter in two points: a name occurs once in an object, and an escaped surrogate has its other half.
    ///
    /// - Throws: `JSONError` for text that is not JSON or goes beyond `limits`.
    package static func parse(_ text: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        let result: Result<JSONValue, JSONError>? = text.withContiguousStorageIfAvailable { parseContiguous($0, limits) }
        return try (result ?? Array(text).withUnsafeBufferPointer { parseContiguous($0, limits) }).get()
    }

    package static func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        try parse(text.utf8, limits: limits)
    }

    /// The line, from 1, on which each name and each element of a JSON text begins, by its place: "outputs[0].label". For messages about a text that has been read.
    ///
    /// - Throws: As `parse`.
    package static func lines(of text: some Collection<UInt8>) throws(JSONError) -> [String: Int] {
        let bytes = Array(text)
        let result: Result<[String: Int], JSONError> = bytes.withUnsafeBufferPointer { bytes in
            var parser = JSONParser(bytes: bytes, limits: JSONLimits(), isLocating: true)
            do throws(JSONParser.Failure) {
                _ = try parser.parseText()
            } catch {
                return .failure(JSONError(error, in: bytes))
            }
            var lines: [String: Int] = [:], line = 1, end = 0
            for (place, offset) in parser.places {
                line += bytes[end..<offset].count { $0 == UInt8(ascii: "\n") }
                end = offset
                lines[place] = line
            }
            return .success(lines)
        }
        return try result.get()
    }

    private static func parseContiguous(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits) -> Result<JSONValue, JSONError> {
        var parser = JSONParser(bytes: bytes, limits: limits)
        do throws(JSONParser.Failure) {
            return .success(try parser.parseText())
        } catch {
            return .failure(JSONError(error, in: bytes))
        }
    }
}

extension JSONError {
    init(_ failure: JSONParser.Failure, in bytes: UnsafeBufferPointer<UInt8>) {
        let before = bytes[..<min(failure.offset, bytes.count)]
        message = failure.message
        offset = failure.offset
        line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
    }
}

/// Recursive descent; the depth limit bounds the stack.
struct JSONParser {
    struct Failure: Error {
        var message: String
        var offset: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    private var offset = 0
    private var depth = 0
    private let isLocating: Bool
    /// Of the value that is being read; only kept when locating.
    private var place = ""
    /// Where names and elements begin, in the order of the text.
    private(set) var places: [(place: String, offset: Int)] = []

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, isLocating: Bool = false) {
        self.bytes = bytes
        self.limits = limits
        self.isLocating = isLocating
    }

    /// Reads a value that is a part of the one being read.
    private mutating func parsePart(at start: Int, _ name: () -> String) throws(Failure) -> JSONValue {
        guard isLocating else { return try parseValue() }
        let outer = place
        place += name()
        places.append((place, start))
        let value = try parseValue()
        place = outer
        return value
    }

    mutating func parseText() throws(Failure) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw Failure(message: "text of \(bytes.count) bytes is over the limit of \(limits.bytes)", offset: 0)
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw Failure(message: "byte order mark before the text", offset: 0) }
        skipSpace()
        let value = try parseValue()
        skipSpace()
        guard offset == bytes.count else { throw failure("text after the end of the value") }
        return value
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func failure(_ message: String) -> Failure { Failure(message: message, offset: offset) }

    private func unexpected(_ wanted: String) -> Failure {
        guard let byte = next else { return failure("text ends where \(wanted) should be") }
        let found = (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return failure("\(found) where \(wanted) should be")
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func parseValue() throws(Failure) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number(try parseNumber())
        default: throw unexpected("a value")
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[offset...].starts(with: letters) else { throw failure("a word other than true, false and null") }
        offset += letters.count
        return value
    }

    private mutating func enter() throws(Failure) {
        depth += 1
        guard depth <= limits.depth else { throw failure("nested deeper than \(limits.depth) levels") }
        offset += 1
        skipSpace()
    }

    private mutating func leave() {
        depth -= 1
        offset += 1
    }

    private mutating func parseArray() throws(Failure) -> [JSONValue] {
        try enter()
        var values: [JSONValue] = []
        if next == UInt8(ascii: "]") {
            leave()
            return values
        }
        while true {
            values.append(try parsePart(at: offset) { "[\(values.count)]" })
            skipSpace()
            switch next {
            case UInt8(ascii: ","):
                offset += 1
                skipSpace()
            case UInt8(ascii: "]"):
                leave()
                return values
            default: throw unexpected("',' or ']'")
            }
        }
    }

    private mutating func parseObject() throws(Failure) -> JSONObject {
        try enter()
        var object = JSONObject()
        if next == UInt8(ascii: "}") {
            leave()
            return object
        }
        while true {
            guard next == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
            let start = offset
            let name = try parseString()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw unexpected("':'") }
            offset += 1
            skipSpace()
            let value = try parsePart(at: start) { [place] in place.isEmpty ? name : ".\(name)" }
            guard object.append(name, value) else { throw Failure(message: "name \"\(name)\" occurs twice in one object", offset: start) }
            skipSpace()
            switch next {
            case UInt8(ascii: ","):
                offset += 1
                skipSpace()
            case UInt8(ascii: "}"):
                leave()
                return object
            default: throw unexpected("',' or '}'")
            }
        }
    }

    private mutating func parseNumber() throws(Failure) -> JSONNumber {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") {
            offset += 1
            if let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { throw failure("number with a leading zero") }
        } else {
            try parseDigits()
        }
        if next == UInt8(ascii: ".") {
            offset += 1
            try parseDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try parseDigits()
        }
        return JSONNumber(checked: String(decoding: bytes[start..<offset], as: UTF8.self))
    }

    private mutating func parseDigits() throws(Failure) {
        let start = offset
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        if offset == start { throw unexpected("a digit") }
    }

    private mutating func parseString() throws(Failure) -> String {
        offset += 1
        let start = offset
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { offset += 1 }
        if next == UInt8(ascii: "\"") {
            // By far the commonest: no escape, so the bytes are the string.
            let string = try decode(bytes[start..<offset], at: start)
            offset += 1
            return string
        }
        var unescaped = Array(bytes[start..<offset])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let string = try decode(unescaped[...], at: start)
                offset += 1
                return string
            case UInt8(ascii: "\\"): try parseEscape(into: &unescaped)
            case ..<0x20: throw failure("control character \(byte) in a string; it must be escaped")
            default:
                unescaped.append(byte)
                offset += 1
            }
        }
        throw failure("text ends within a string")
    }

    private func decode<Bytes: Collection<UInt8>>(_ bytes: Bytes, at start: Int) throws(Failure) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw Failure(message: "string is not valid UTF-8", offset: start)
        }
        return string
    }

    private mutating func parseEscape(into output: inout [UInt8]) throws(Failure) {
        let start = offset
        offset += 1
        guard let byte = next else { throw failure("text ends within a string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"):
            var value = UInt32(try parseHexadecimal())
            if (0xD800..<0xDC00).contains(value) {
                guard next == UInt8(ascii: "\\"), offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "u") else {
                    throw Failure(message: "escaped surrogate without its other half", offset: start)
                }
                offset += 2
                let low = UInt32(try parseHexadecimal())
                guard (0xDC00..<0xE000).contains(low) else {
                    throw Failure(message: "escaped surrogate without its other half", offset: start)
                }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else {
                throw Failure(message: "escaped surrogate without its other half", offset: start)
            }
            output.append(contentsOf: UTF8.encode(scalar)!)
        default: throw Failure(message: "unknown escape in a string", offset: start)
        }
    }

    private mutating func parseHexadecimal() throws(Failure) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw unexpected("a hexadecimal digit")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }
}
