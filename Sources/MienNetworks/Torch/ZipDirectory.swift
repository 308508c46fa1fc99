/// The files of a zip archive that are stored as they are: `torch.save` compresses nothing.
///
/// Zip64 is understood, for archives beyond 4 GB. Checksums are not computed: what a model is worth is known by the SHA-256 of the whole.
struct ZipDirectory {
    /// Where the contents of each file lie in the archive.
    let files: [String: Range<Int>]

    private static let fileLimit = 1 << 20

    /// - Throws: `ModelFileError` `.malformed`, `.unsupported`.
    init(_ archive: UnsafeRawBufferPointer) throws(ModelFileError) {
        let directory = try Self.directory(of: archive)
        var files: [String: Range<Int>] = [:], cursor = ByteCursor(archive, at: directory.offset)
        for index in 0..<directory.count {
            guard let entry = try Entry(&cursor) else { throw Self.malformed("entry \(index) of its directory is damaged") }
            files[entry.name] = try entry.contents(in: archive)
        }
        self.files = files
    }

    private static func malformed(_ reason: String) -> ModelFileError { ModelFileError(.malformed, "zip archive: \(reason)") }

    private static func directory(of archive: UnsafeRawBufferPointer) throws(ModelFileError) -> (offset: Int, count: Int) {
        // The end record has 22 bytes, and a comment of at most 65535 after it.
        var place = archive.count - 22
        let least = max(0, place - 65535)
        while place >= least {
            var cursor = ByteCursor(archive, at: place)
            if cursor.number(UInt32.self) == 0x0605_4b50 { break }
            place -= 1
        }
        guard place >= least else { throw malformed("its end is missing; is the file cut short?") }
        var cursor = ByteCursor(archive, at: place + 10)
        guard let count = cursor.number(UInt16.self), cursor.number(UInt32.self) != nil, let offset = cursor.number(UInt32.self) else {
            throw malformed("its end is damaged")
        }
        if count != .max, offset != .max { return (Int(offset), Int(count)) }
        // Zip64: a locator of 20 bytes before the end record says where the long form is.
        var locator = ByteCursor(archive, at: place - 20)
        guard place >= 20, locator.number(UInt32.self) == 0x0706_4b50, locator.number(UInt32.self) != nil, let end = locator.number(UInt64.self),
              end <= UInt64(archive.count) else { throw malformed("the long form of its end is missing") }
        var long = ByteCursor(archive, at: Int(end))
        guard long.number(UInt32.self) == 0x0606_4b50, long.take(28) != nil, let entries = long.number(UInt64.self), long.number(UInt64.self) != nil,
              let start = long.number(UInt64.self), start <= UInt64(archive.count), entries <= UInt64(fileLimit) else {
            throw malformed("the long form of its end is damaged")
        }
        return (Int(start), Int(entries))
    }

    private struct Entry {
        var name: String
        var method: UInt16, flags: UInt16
        var size: UInt64, header: UInt64

        /// An entry of the central directory; nil if it is damaged.
        init?(_ cursor: inout ByteCursor) throws(ModelFileError) {
            guard cursor.number(UInt32.self) == 0x0201_4b50, cursor.take(4) != nil, let flags = cursor.number(UInt16.self), let method = cursor.number(UInt16.self),
                  cursor.take(8) != nil, cursor.number(UInt32.self) != nil, let size = cursor.number(UInt32.self), let nameLength = cursor.number(UInt16.self),
                  let extraLength = cursor.number(UInt16.self), let commentLength = cursor.number(UInt16.self), cursor.take(8) != nil,
                  let header = cursor.number(UInt32.self), let name = cursor.take(Int(nameLength)).flatMap(ByteCursor.text),
                  let extra = cursor.take(Int(extraLength)), cursor.take(Int(commentLength)) != nil else { return nil }
            self.name = name
            self.method = method
            self.flags = flags
            self.size = UInt64(size)
            self.header = UInt64(header)
            // The sizes that do not fit follow in the order of the short ones: uncompressed, compressed, offset. The compressed one comes before
            // the uncompressed one in the entry, but both are all ones together for what is stored.
            var fields = ByteCursor(extra)
            while let kind = fields.number(UInt16.self), let length = fields.number(UInt16.self), let field = fields.take(Int(length)) {
                guard kind == 1 else { continue }
                var long = ByteCursor(field)
                if size == .max {
                    guard let value = long.number(UInt64.self) else { return nil }
                    self.size = value
                    _ = field.count >= 16 ? long.number(UInt64.self) : nil
                }
                if header == .max {
                    guard let value = long.number(UInt64.self) else { return nil }
                    self.header = value
                }
            }
        }

        func contents(in archive: UnsafeRawBufferPointer) throws(ModelFileError) -> Range<Int> {
            guard method == 0, flags & 1 == 0 else {
                throw ModelFileError(.unsupported, "zip archive: '\(name)' is compressed or encrypted; torch.save stores files as they are")
            }
            guard header <= UInt64(archive.count) else { throw malformed("'\(name)' lies beyond its end") }
            var cursor = ByteCursor(archive, at: Int(header))
            guard cursor.number(UInt32.self) == 0x0403_4b50, cursor.take(22) != nil, let nameLength = cursor.number(UInt16.self),
                  let extraLength = cursor.number(UInt16.self), cursor.take(Int(nameLength) + Int(extraLength)) != nil,
                  size <= UInt64(archive.count - cursor.offset) else { throw malformed("'\(name)' is damaged or cut short") }
            return cursor.offset..<cursor.offset + Int(size)
        }
    }
}
