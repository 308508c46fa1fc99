extension JSONValue {
    /// The value as JSON text without a line break at the end.
    ///
    /// - Parameter indent: Spaces per level, each member and element on a line of its own; `nil`: everything on one line, no spaces.
    package func text(indent: Int? = nil) -> String {
        var writer = JSONWriter(indent: indent)
        writer.write(self)
        return String(decoding: writer.output, as: UTF8.self)
    }
}

private struct JSONWriter {
    let indent: Int?
    var output: [UInt8] = []
    private var level = 0

    init(indent: Int?) { self.indent = indent }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let number): output += number.digits.utf8
        case .string(let string): write(string)
        case .array(let values):
            write(open: "[", close: "]", values) { writer, value in writer.write(value) }
        case .object(let object):
            write(open: "{", close: "}", object.members) { writer, member in
                writer.write(member.name)
                writer.output.append(UInt8(ascii: ":"))
                if writer.indent != nil { writer.output.append(UInt8(ascii: " ")) }
                writer.write(member.value)
            }
        }
    }

    private mutating func write<Item>(open: Unicode.Scalar, close: Unicode.Scalar, _ items: [Item], _ body: (inout JSONWriter, Item) -> Void) {
        output.append(UInt8(ascii: open))
        level += 1
        for (place, item) in items.enumerated() {
            if place > 0 { output.append(UInt8(ascii: ",")) }
            breakLine()
            body(&self, item)
        }
        level -= 1
        if !items.isEmpty { breakLine() }
        output.append(UInt8(ascii: close))
    }

    private mutating func breakLine() {
        guard let indent else { return }
        output.append(0x0A)
        output += repeatElement(0x20, count: level * indent)
    }

    private mutating func write(_ string: String) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case 0x0A: output += "\\n".utf8
            case 0x0D: output += "\\r".utf8
            case 0x09: output += "\\t".utf8
            case ..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                output += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
