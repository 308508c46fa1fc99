package import InferenceCore
import MienDigest
package import MienJSON

/// A model's weights as the kernels want them, in one file that is mapped into memory and shared between processes.
///
/// The file (`.mien`) is: a preamble of 64 bytes (`MIENPACK`; version, u32; 0, u32; place and length of the index, u64 each; SHA-256 of the index);
/// sections, each on a boundary of 4096 bytes; and the index, JSON. Numbers are little-endian. The index says for which kernels and at which
/// precision the sections are packed, where each lies with its SHA-256, and the facts that the writer stated about the model. Opening checks the
/// index; `verify` reads and checks everything.
package final class PackedFile: Sendable {
    package struct Section: Sendable {
        package let range: Range<Int>
        /// SHA-256, 64 lower-case hexadecimal digits.
        package let digest: String
    }

    static let magic = Array("MIENPACK".utf8), version: UInt32 = 1, preamble = 64, pageSize = 4096, indexLimit = 16 << 20

    package let path: String
    /// What kind of model it is: "empathic-face".
    package let contents: String
    package let precision: Precision
    /// `Processor.layout` of the processor that it was packed for.
    package let layout: String
    package let facts: JSONObject
    package let sections: [String: Section]
    private let file: MappedFile

    /// Opens a file and checks its index.
    ///
    /// - Parameter contents: What it must hold; nil: anything.
    /// - Throws: `ModelFileError`: `.unreadable`, `.malformed`, `.unsupported` for another version, `.mismatch` for other contents.
    package init(path: String, contents: String?) throws(ModelFileError) {
        let file = try MappedFile(path: path)
        func malformed(_ reason: String) -> ModelFileError { ModelFileError(.malformed, file: path, reason) }
        guard file.bytes.count >= Self.preamble, file.bytes.prefix(8).elementsEqual(Self.magic) else { throw malformed("not a packed model of Mien") }
        let version = UInt32(littleEndian: file.bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard version == Self.version else { throw ModelFileError(.unsupported, file: path, "is of version \(version); this build reads version \(Self.version)") }
        let place = UInt64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        guard place >= UInt64(Self.preamble), length <= UInt64(Self.indexLimit), place <= UInt64(file.bytes.count), length == UInt64(file.bytes.count) - place else {
            throw malformed("cut short, or never finished")
        }
        let text = UnsafeRawBufferPointer(rebasing: file.bytes[Int(place)...])
        var digest = SHA256()
        digest.update(text)
        guard digest.finish().elementsEqual(file.bytes[32..<64]) else { throw malformed("the checksum of the index is wrong") }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(text, limits: JSONLimits(bytes: Self.indexLimit, depth: 16))
        } catch {
            throw malformed("index: \(error)")
        }
        let index = try PackedIndex(json, dataEnd: Int(place), path: path)
        if let contents, contents != index.contents { throw ModelFileError(.mismatch, file: path, "holds \(index.contents), expected \(contents)") }
        self.path = path
        self.file = file
        self.contents = index.contents
        (precision, layout, facts, sections) = (index.precision, index.layout, index.facts, index.sections)
    }

    /// A processor for the weights in here.
    ///
    /// - Throws: `ModelFileError` `.mismatch` if they are packed for other kernels than this process uses.
    package func processor(threads: Int = .max) throws(ModelFileError) -> Processor {
        let processor = Processor(threads: threads, precision: precision)
        guard processor.layout == layout else {
            throw ModelFileError(.mismatch, file: path, "is packed for \(layout) kernels, and this process computes with \(processor.layout); pack the model again here")
        }
        return processor
    }

    /// Makes what a section holds; all of it must be used.
    ///
    /// - Throws: `ModelFileError`: `.missing`, `.mismatch` if there is more or less of it, and what `body` throws.
    package func read<Result>(_ name: String, _ body: (inout PackedPieces) throws -> Result) throws -> Result {
        guard let section = sections[name] else { throw ModelFileError(.missing, file: path, "there is no section '\(name)'") }
        var pieces = PackedPieces(UnsafeRawBufferPointer(rebasing: file.bytes[section.range]), owner: file)
        do {
            let result = try body(&pieces)
            try pieces.finish()
            return result
        } catch let error as InferenceError {
            throw ModelFileError(.mismatch, file: path, "section '\(name)': \(error)")
        }
    }

    /// What the facts say under a name.
    ///
    /// - Throws: `ModelFileError` `.missing`.
    package func fact(_ name: String) throws(ModelFileError) -> JSONValue {
        guard let value = facts[name] else { throw ModelFileError(.missing, file: path, "the facts have no '\(name)'") }
        return value
    }

    /// Reads every section and compares its checksum.
    ///
    /// - Throws: `ModelFileError` `.malformed` with the section's name.
    package func verify() throws(ModelFileError) {
        for (name, section) in sections.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
            var digest = SHA256()
            digest.update(UnsafeRawBufferPointer(rebasing: file.bytes[section.range]))
            guard digest.finish().hexadecimal == section.digest else { throw ModelFileError(.malformed, file: path, "section '\(name)' is damaged: its checksum is wrong") }
        }
    }
}

/// The index of a packed file, checked.
struct PackedIndex {
    let contents: String
    let precision: Precision
    let layout: String
    let facts: JSONObject
    let sections: [String: PackedFile.Section]

    /// - Parameter dataEnd: Where the sections must have ended.
    init(_ json: JSONValue, dataEnd: Int, path: String) throws(ModelFileError) {
        guard let contents = json["contents"]?.string, let layout = json["layout"]?.string, let precision = json["precision"]?.string.flatMap(Precision.init(rawValue:)),
              let facts = json["facts"]?.object, let list = json["sections"]?.array else {
            throw ModelFileError(.malformed, file: path, "the index needs 'contents', 'layout', 'precision', 'facts' and 'sections'")
        }
        var sections: [String: PackedFile.Section] = [:]
        for entry in list {
            guard let name = entry["name"]?.string, let offset: Int = entry["offset"]?.number?.integer(), let bytes: Int = entry["bytes"]?.number?.integer(),
                  let digest = entry["sha256"]?.string, offset >= PackedFile.preamble, offset % PackedFile.pageSize == 0, bytes > 0, offset <= dataEnd, bytes <= dataEnd - offset else {
                throw ModelFileError(.malformed, file: path, "a section of the index has no name, place and checksum within the file")
            }
            guard sections.updateValue(PackedFile.Section(range: offset..<offset + bytes, digest: digest), forKey: name) == nil else {
                throw ModelFileError(.malformed, file: path, "the index names section '\(name)' twice")
            }
        }
        (self.contents, self.precision, self.layout, self.facts, self.sections) = (contents, precision, layout, facts, sections)
    }
}
