import CPluginABI

/// Why a function of the host does not do what a plugin wants: for C a status, for people words.
struct Refusal: Error {
    let status: mien_status
    let words: String

    init(_ code: Int, _ words: String) {
        status = mien_status(code)
        self.words = words
    }

    static func invalid(_ words: String) -> Refusal { Refusal(MIEN_INVALID, words) }
    static func failed(_ words: String) -> Refusal { Refusal(MIEN_FAILED, words) }
    static func tooMuch(_ words: String) -> Refusal { Refusal(MIEN_TOO_MUCH, words) }
}

/// Where a function of C leaves words for people.
struct MessageBuffer {
    let start: UnsafeMutablePointer<CChar>?
    let size: Int

    /// As much of a text as there is room for, whole characters, always with its end.
    func write(_ text: String) {
        guard let start, size > 0 else { return }
        var length = 0
        for character in text {
            let bytes = character.utf8
            guard length + bytes.count < size else { break }
            for byte in bytes {
                start[length] = CChar(bitPattern: byte)
                length += 1
            }
        }
        start[length] = 0
    }
}

/// Texts of a plugin.
enum PluginText {
    /// Most bytes of one.
    static let limit = 500

    /// - Throws: `Refusal` if there is none, it is too long, or is not UTF-8.
    static func read(_ text: UnsafePointer<CChar>?, _ what: String) throws(Refusal) -> String {
        guard let text else { throw .invalid("\(what) is NULL") }
        let length = mien_text_length(text, limit)
        guard length <= limit else { throw .invalid("\(what) is longer than \(limit) bytes") }
        let bytes = UnsafeRawBufferPointer(start: text, count: length)
        guard let string = String(validating: bytes, as: UTF8.self) else { throw .invalid("\(what) is not UTF-8") }
        return string
    }
}

/// Values that a plugin lends.
extension UnsafePointer {
    /// - Throws: `Refusal` if there are none, or they do not lie where such values have to.
    static func lent(_ pointer: UnsafePointer?, _ what: String) throws(Refusal) -> UnsafePointer {
        guard let pointer else { throw .invalid("\(what) is NULL") }
        guard Int(bitPattern: pointer) % MemoryLayout<Pointee>.alignment == 0 else { throw .invalid("\(what) is not aligned") }
        return pointer
    }
}

extension UnsafeMutablePointer {
    static func lent(_ pointer: UnsafeMutablePointer?, _ what: String) throws(Refusal) -> UnsafeMutablePointer {
        guard let pointer else { throw .invalid("\(what) is NULL") }
        guard Int(bitPattern: pointer) % MemoryLayout<Pointee>.alignment == 0 else { throw .invalid("\(what) is not aligned") }
        return pointer
    }
}
