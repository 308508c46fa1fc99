package import InferenceCore

/// A CTranslate2 `model.bin`, mapped into memory.
///
/// The format is little-endian and read front to back: binary version, name of the specification ("WhisperSpec"), its revision, variables
/// (name, shape, type, bytes), then aliases (name, name of the variable). Names end with a zero that their length counts. Everything is
/// checked when the file is opened: a variable that can be asked for lies in the file and has the size that its shape and type say.
package final class CTranslate2Model: Sendable {
    /// Binary versions whose variables state their type, and which have aliases.
    package static let versions = 4...6
    /// Most axes of a variable; the format allows 255, models have up to 4.
    static let rankLimit = 16

    /// One variable as it lies in the file.
    package struct Variable: Sendable {
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
    package let version: Int
    /// What kind of model this is, such as "WhisperSpec".
    package let specification: String
    package let revision: Int
    /// By name and by alias.
    private let variables: [String: Variable]

    /// Opens and checks the file at `path`.
    ///
    /// - Throws: `ModelFileError`: `.unreadable`, `.malformed`, or `.unsupported` for another version or a type of element that is not known.
    package convenience init(path: String) throws(ModelFileError) {
        do {
            try self.init(MappedFile(path: path), path: path)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a file that is already in memory.
    package init(_ file: MappedFile, path: String = "") throws(ModelFileError) {
        var reader = CTranslate2Reader(bytes: file.bytes)
        version = try reader.integer(UInt32.self, "the binary version")
        guard Self.versions.contains(version) else {
            throw ModelFileError(.unsupported, "binary version \(version) of CTranslate2 (or not such a file); \(Self.versions.lowerBound) to "
                                 + "\(Self.versions.upperBound) are read")
        }
        specification = try reader.name("the specification")
        revision = try reader.integer(UInt32.self, "the revision")
        var variables: [String: Variable] = [:]
        for index in 0..<(try reader.count(of: "variables", eachAtLeast: 9)) {
            let name = try reader.name("variable \(index)")
            let (type, shape, range) = try reader.variable(name)
            guard variables.updateValue(Variable(type: type, shape: shape, range: range, file: file), forKey: name) == nil else {
                throw ModelFileError(.malformed, "variable '\(name)' occurs twice")
            }
        }
        for index in 0..<(try reader.count(of: "aliases", eachAtLeast: 6)) {
            let alias = try reader.name("alias \(index)"), name = try reader.name("the target of alias '\(alias)'")
            guard let variable = variables[name] else { throw ModelFileError(.malformed, "alias '\(alias)' stands for '\(name)', which is not there") }
            guard variables.updateValue(variable, forKey: alias) == nil else { throw ModelFileError(.malformed, "alias '\(alias)' is taken") }
            // A weight's scale goes with it.
            if let scale = variables[name + "_scale"], variables[alias + "_scale"] == nil { variables[alias + "_scale"] = scale }
        }
        guard reader.left == 0 else { throw ModelFileError(.malformed, "\(reader.left) bytes after the last alias") }
        self.variables = variables
        self.path = path
    }

    /// Names of all variables and aliases, sorted.
    package var names: [String] { variables.keys.sorted() }

    /// The variable called `name`, or nil.
    package subscript(name: String) -> Variable? { variables[name] }

    /// The variable called `name`.
    ///
    /// - Throws: `ModelFileError` `.missing`.
    package func variable(named name: String) throws(ModelFileError) -> Variable {
        guard let variable = variables[name] else { throw ModelFileError(.missing, file: path, "there is no variable '\(name)'") }
        return variable
    }

    /// The elements of a variable as `Float`, row-major. Those of integers are divided by the scale `name_scale`: a single one, or one for
    /// each index of the first axis.
    ///
    /// - Parameter shape: What the shape must be, or nil for any.
    /// - Throws: `ModelFileError`: `.missing`, `.unsupported` for other types, `.mismatch` for another shape, `.malformed` for a value
    ///   that is not finite.
    package func floats(named name: String, shape: Shape? = nil) throws(ModelFileError) -> [Float] {
        let variable = try variable(named: name)
        if let shape, shape != variable.shape {
            throw ModelFileError(.mismatch, file: path, "variable '\(name)' has shape \(variable.shape), expected \(shape)")
        }
        let count = variable.shape.count
        let values: [Float]
        switch variable.type {
        case .i8: values = try scaled(variable.withBytes { bytes in bytes.map { Float(Int8(bitPattern: $0)) } }, name, variable.shape)
        case .i16:
            let whole = variable.withBytes { bytes in
                (0..<count).map { Float(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self))) }
            }
            values = try scaled(whole, name, variable.shape)
        default:
            guard let floats = variable.withBytes({ FloatConversion.floats($0, type: variable.type, count: count) }) else {
                throw ModelFileError(.unsupported, file: path, "variable '\(name)' has elements of type \(variable.type.rawValue), expected a float, "
                                     + "I8 or I16")
            }
            values = floats
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw ModelFileError(.malformed, file: path, "variable '\(name)' holds \(values[index]) at element \(index)")
        }
        return values
    }

    /// A single whole number of type I8, I16 or I32.
    ///
    /// - Throws: `ModelFileError`: `.missing`, or `.mismatch` if it is anything else.
    package func integer(named name: String) throws(ModelFileError) -> Int {
        let variable = try variable(named: name)
        let value: Int? = variable.shape.count != 1 ? nil : variable.withBytes { bytes in
            switch variable.type {
            case .i8: Int(bytes.load(as: Int8.self))
            case .i16: Int(Int16(littleEndian: bytes.loadUnaligned(as: Int16.self)))
            case .i32: Int(Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)))
            default: nil
            }
        }
        guard let value else {
            throw ModelFileError(.mismatch, file: path, "variable '\(name)' is \(variable.type.rawValue) \(variable.shape), expected one whole number")
        }
        return value
    }

    private func scaled(_ values: [Float], _ name: String, _ shape: Shape) throws(ModelFileError) -> [Float] {
        let scaleName = name + "_scale", rows = shape.extents.first ?? 1
        guard let scale = variables[scaleName] else { throw ModelFileError(.missing, file: path, "variable '\(name)' needs '\(scaleName)'") }
        guard scale.type != .i8, scale.type != .i16, scale.shape.count == 1 || scale.shape == [rows] else {
            throw ModelFileError(.mismatch, file: path, "variable '\(scaleName)' is \(scale.type.rawValue) \(scale.shape); '\(name)' of shape \(shape) "
                                 + "needs one float or \(rows)")
        }
        let factors = try floats(named: scaleName)
        guard factors.allSatisfy({ $0 > 0 }) else {
            throw ModelFileError(.malformed, file: path, "variable '\(scaleName)' holds a scale that is not above 0")
        }
        let row = values.count / max(rows, 1)
        var result = values
        for index in result.indices { result[index] /= factors[factors.count == 1 ? 0 : index / row] }
        return result
    }
}

/// Takes one field after the other; each is checked against the bytes that are left.
private struct CTranslate2Reader {
    let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var left: Int { bytes.count - place }

    private mutating func take(_ count: Int, _ what: @autoclosure () -> String) throws(ModelFileError) -> Range<Int> {
        guard count <= left else { throw ModelFileError(.malformed, "the file ends \(count - left) bytes too early, within \(what())") }
        defer { place += count }
        return place..<place + count
    }

    mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, _ what: @autoclosure () -> String
    ) throws(ModelFileError) -> Int {
        let range = try take(MemoryLayout<Integer>.size, what())
        return Int(Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Integer.self)))
    }

    /// How many items follow, if there is room for them: a hostile count ends here and not after a long loop.
    mutating func count(of items: String, eachAtLeast size: Int) throws(ModelFileError) -> Int {
        let count = try integer(UInt32.self, "the number of \(items)")
        guard count <= left / size else { throw ModelFileError(.malformed, "\(left) bytes cannot hold \(count) \(items)") }
        return count
    }

    mutating func name(_ what: String) throws(ModelFileError) -> String {
        let length = try integer(UInt16.self, "the name of \(what)")
        let range = try take(length, "the name of \(what)")
        let text = bytes[range].dropLast()
        guard bytes[range].last == 0, !text.isEmpty, !text.contains(0), let name = String(validating: text, as: UTF8.self) else {
            throw ModelFileError(.malformed, "the name of \(what) is not a text that ends with its only zero")
        }
        return name
    }

    mutating func variable(_ name: String) throws(ModelFileError) -> (ElementType, Shape, Range<Int>) {
        let rank = try integer(UInt8.self, "variable '\(name)'")
        guard rank <= CTranslate2Model.rankLimit else {
            throw ModelFileError(.unsupported, "variable '\(name)' has \(rank) axes; at most \(CTranslate2Model.rankLimit) are read")
        }
        var extents: [Int] = []
        for _ in 0..<rank { extents.append(try integer(UInt32.self, "variable '\(name)'")) }
        let code = try integer(UInt8.self, "variable '\(name)'")
        let types: [ElementType] = [.f32, .i8, .i16, .i32, .f16, .bf16]
        guard code < types.count else { throw ModelFileError(.unsupported, "variable '\(name)' has elements of the unknown type \(code)") }
        let size = try integer(UInt32.self, "variable '\(name)'")
        guard ElementType.byteCount(of: extents, bits: types[code].bits) == size else {
            throw ModelFileError(.malformed, "variable '\(name)' of \(types[code].rawValue) \(Shape(extents)) cannot take \(size) bytes")
        }
        return (types[code], Shape(extents), try take(size, "variable '\(name)'"))
    }
}
