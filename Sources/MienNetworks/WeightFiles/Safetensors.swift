package import InferenceCore
import MienJSON

/// A safetensors file, mapped into memory.
///
/// The format is 8 bytes of little-endian header length, a JSON header `{"name": {"dtype", "shape", "data_offsets": [begin, end]}, ...}`
/// with an optional `__metadata__` of strings, then the data. Everything the header claims is checked when the file is opened: a tensor
/// that can be asked for lies in the file, does not overlap another and has the size that its shape and type say.
package final class Safetensors: Sendable {
    /// Longest header that is read. The format allows 100 MB, but a parsed header takes many times its size in memory, and those of real
    /// models with thousands of tensors stay below 1 MB.
    package static let headerLimit = 16 << 20
    /// Most axes of a tensor; the format names no limit.
    static let rankLimit = 64

    /// One tensor as it lies in the file.
    package struct StoredTensor: Sendable {
        package let type: ElementType
        package let shape: Shape
        fileprivate let range: Range<Int>
        private let file: MappedFile

        fileprivate init(type: ElementType, shape: Shape, range: Range<Int>, file: MappedFile) {
            self.type = type
            self.shape = shape
            self.range = range
            self.file = file
        }

        /// Gives `body` the elements: row-major, little-endian, at any alignment.
        package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try withExtendedLifetime(file) { try body(UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
        }
    }

    /// Path of the file; empty if the bytes came from memory.
    package let path: String
    /// The strings of `__metadata__`.
    package let metadata: [String: String]
    private let tensors: [String: StoredTensor]

    /// Opens and checks the file at `path`.
    ///
    /// - Throws: `ModelFileError`: `.unreadable`, `.malformed`, or `.unsupported` for a type of element that is not known.
    package convenience init(path: String) throws(ModelFileError) {
        do {
            try self.init(MappedFile(path: path), path: path)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Opens the model in a folder as transformers saves it: `model.safetensors`, or several files and `model.safetensors.index.json`, which says
    /// where each tensor is.
    ///
    /// - Throws: As `init(path:)`; `.missing` if there is neither, `.mismatch` if a file does not hold the tensors that the index says.
    package convenience init(folder: String) throws(ModelFileError) {
        let whole = folder + "/model.safetensors", index = whole + ".index.json"
        guard MappedFile.exists(index) else {
            try self.init(path: whole)
            return
        }
        let places = try SafetensorsIndex(path: index).places
        var parts: [Safetensors] = []
        for (file, names) in Dictionary(grouping: places, by: \.value).sorted(by: { $0.key < $1.key }) {
            let part = try Safetensors(path: "\(folder)/\(file)")
            if let missing = names.map(\.key).sorted().first(where: { part[$0] == nil }) {
                throw ModelFileError(.mismatch, file: part.path, "there is no tensor '\(missing)', which \(index) says is here")
            }
            parts.append(part)
        }
        try self.init(joining: parts, path: index, metadata: parts.first?.metadata ?? [:])
    }

    /// Reads a file that is already in memory.
    package init(_ file: MappedFile, path: String = "") throws(ModelFileError) {
        let header = try Self.header(of: file.bytes)
        var parser = HeaderParser(dataCount: file.bytes.count - header.upperBound)
        do {
            try parser.parse(UnsafeRawBufferPointer(rebasing: file.bytes[header]))
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw ModelFileError(.malformed, "safetensors header: \(error)")
        }
        try parser.checkLayout()
        self.path = path
        metadata = parser.metadata
        tensors = parser.entries.mapValues { entry in
            let range = header.upperBound + entry.range.lowerBound..<header.upperBound + entry.range.upperBound
            return StoredTensor(type: entry.type, shape: entry.shape, range: range, file: file)
        }
    }

    /// Several files as one; a tensor must not be in two of them.
    private init(joining parts: [Safetensors], path: String, metadata: [String: String]) throws(ModelFileError) {
        var tensors: [String: StoredTensor] = [:]
        for part in parts {
            for (name, tensor) in part.tensors where tensors.updateValue(tensor, forKey: name) != nil {
                throw ModelFileError(.malformed, file: path, "tensor '\(name)' is in two of the files")
            }
        }
        self.path = path
        self.metadata = metadata
        self.tensors = tensors
    }

    /// Names of all tensors, sorted.
    package var names: [String] { tensors.keys.sorted() }

    /// The tensor called `name`, or nil.
    package subscript(name: String) -> StoredTensor? { tensors[name] }

    /// The tensor called `name`.
    ///
    /// - Throws: `ModelFileError` `.missing`.
    package func tensor(named name: String) throws(ModelFileError) -> StoredTensor {
        guard let tensor = tensors[name] else { throw ModelFileError(.missing, file: path, "there is no tensor '\(name)'") }
        return tensor
    }

    /// The elements of an F32, F16, BF16 or F64 tensor as `Float`, row-major.
    ///
    /// - Parameters:
    ///   - shape: What the shape must be, or nil for any.
    ///   - finite: Whether NaN and infinity (an F64 too large for `Float` included) are refused: in weights they are damage.
    /// - Throws: `ModelFileError`: `.missing`, `.unsupported` for other types, `.mismatch` for another shape, `.malformed` for a value
    ///   that is not finite.
    package func floats(named name: String, shape: Shape? = nil, finite: Bool = true) throws(ModelFileError) -> [Float] {
        let tensor = try tensor(named: name)
        if let shape, shape != tensor.shape {
            throw ModelFileError(.mismatch, file: path, "tensor '\(name)' has shape \(tensor.shape), expected \(shape)")
        }
        guard let values = tensor.withBytes({ FloatConversion.floats($0, type: tensor.type, count: tensor.shape.count) }) else {
            throw ModelFileError(.unsupported, file: path, "tensor '\(name)' has elements of type \(tensor.type.rawValue), expected a float")
        }
        if finite, let index = values.firstIndex(where: { !$0.isFinite }) {
            throw ModelFileError(.malformed, file: path, "tensor '\(name)' holds \(values[index]) at element \(index)")
        }
        return values
    }

    /// Where the header lies.
    private static func header(of bytes: UnsafeRawBufferPointer) throws(ModelFileError) -> Range<Int> {
        guard bytes.count >= 8 else {
            throw ModelFileError(.malformed, "not a safetensors file: \(bytes.count) bytes are too few for the header's length")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(headerLimit) else {
            throw ModelFileError(.malformed, "not a safetensors file: a header of \(length) bytes is over the limit of \(headerLimit)")
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw ModelFileError(.malformed, "safetensors file is cut short: the header has \(length) bytes, \(bytes.count - 8) are there")
        }
        return 8..<8 + Int(length)
    }
}

/// Parses and checks the header of a safetensors file.
private struct HeaderParser {
    struct Entry {
        let type: ElementType
        let shape: Shape
        let range: Range<Int>
    }

    /// Bytes that follow the header.
    let dataCount: Int
    private(set) var metadata: [String: String] = [:]
    private(set) var entries: [String: Entry] = [:]

    init(dataCount: Int) { self.dataCount = dataCount }

    mutating func parse(_ header: UnsafeRawBufferPointer) throws {
        guard header.first == UInt8(ascii: "{") else {
            throw ModelFileError(.malformed, "safetensors header does not begin with '{'")
        }
        let limits = JSONLimits(bytes: Safetensors.headerLimit, depth: 4)
        let members = try JSONValue.parse(header, limits: limits).object?.members ?? []
        for member in members {
            if member.name == "__metadata__" {
                for entry in try object(member.value, "'__metadata__'").members {
                    guard let text = entry.value.string else { throw malformed("metadata '\(entry.name)' is \(entry.value.kind), expected a string") }
                    metadata[entry.name] = text
                }
            } else {
                entries[member.name] = try tensor(member.name, object(member.value, "tensor '\(member.name)'"))
            }
        }
    }

    private func malformed(_ reason: String) -> ModelFileError { ModelFileError(.malformed, "safetensors header: \(reason)") }

    private func object(_ value: JSONValue, _ what: String) throws(ModelFileError) -> JSONObject {
        guard let object = value.object else { throw malformed("\(what) is \(value.kind), expected an object") }
        return object
    }

    private func tensor(_ name: String, _ members: JSONObject) throws(ModelFileError) -> Entry {
        for member in members.members where !["dtype", "shape", "data_offsets"].contains(member.name) {
            throw malformed("tensor '\(name)' has an unknown entry '\(member.name)'")
        }
        guard let word = members["dtype"]?.string, let extents = counts(members["shape"], limit: Safetensors.rankLimit),
              let offsets = counts(members["data_offsets"], limit: 2), offsets.count == 2 else {
            throw malformed("tensor '\(name)' needs 'dtype', 'shape' and two 'data_offsets'; extents are whole numbers, "
                            + "at most \(Safetensors.rankLimit)")
        }
        guard let type = ElementType(rawValue: word) else {
            throw ModelFileError(.unsupported, "tensor '\(name)' has elements of the unknown type '\(word)'")
        }
        guard offsets[0] <= offsets[1], offsets[1] <= dataCount else {
            throw ModelFileError(.malformed, "tensor '\(name)' lies at \(offsets[0])..<\(offsets[1]), outside the \(dataCount) bytes of data")
        }
        guard ElementType.byteCount(of: extents, bits: type.bits) == offsets[1] - offsets[0] else {
            throw ModelFileError(.malformed, "tensor '\(name)' of \(type.rawValue) \(Shape(extents)) cannot take \(offsets[1] - offsets[0]) bytes")
        }
        return Entry(type: type, shape: Shape(extents), range: offsets[0]..<offsets[1])
    }

    /// A list of at most `limit` whole numbers; nil if it is anything else.
    private func counts(_ value: JSONValue?, limit: Int) -> [Int]? {
        guard let values = value?.array, values.count <= limit else { return nil }
        let numbers = values.compactMap { $0.number.flatMap { Int($0.digits) } }.filter { $0 >= 0 }
        return numbers.count == values.count ? numbers : nil
    }

    /// The format wants the data covered exactly: no overlaps, which could smuggle one tensor into another, and no holes.
    func checkLayout() throws(ModelFileError) {
        var end = 0
        func place(_ entry: Entry) -> (Int, Int) { (entry.range.lowerBound, entry.range.upperBound) }
        for (name, entry) in entries.sorted(by: { place($0.value) < place($1.value) }) {
            if entry.range.lowerBound < end { throw ModelFileError(.malformed, "tensor '\(name)' overlaps another") }
            if entry.range.lowerBound > end {
                throw ModelFileError(.malformed, "\(entry.range.lowerBound - end) bytes before tensor '\(name)' belong to no tensor")
            }
            end = entry.range.upperBound
        }
        if end != dataCount { throw ModelFileError(.malformed, "\(dataCount - end) bytes at the end belong to no tensor") }
    }
}
