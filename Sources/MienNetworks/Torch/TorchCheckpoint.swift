package import InferenceCore

/// A dictionary of tensors that `torch.save` wrote: a `.pth` or `.pt` file, in the zip format or in the one before PyTorch 1.6.
///
/// No code in the file is ever run (see `TensorPickle`). Dictionaries within dictionaries give names with dots; what is no tensor is left out.
package final class TorchCheckpoint: WeightFile, Sendable {
    package let path: String
    private let file: MappedFile
    private let tensors: [String: StoredTensor]

    private struct StoredTensor {
        var type: ElementType
        var shape: Shape
        var strides: [Int]
        /// The elements of the storage from the tensor's first to its last, in the file.
        var bytes: Range<Int>
    }

    /// Dictionaries in dictionaries, and tensors in all.
    private static let depthLimit = 16, tensorLimit = 1 << 17

    /// Opens and checks the file at `path`.
    ///
    /// - Throws: `ModelFileError`: `.unreadable`, `.malformed`, or `.unsupported`, with the instruction and the name that a pickle of tensors does
    ///   not need.
    package convenience init(path: String) throws(ModelFileError) {
        do {
            try self.init(MappedFile(path: path), path: path)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a file that is already in memory.
    package init(_ file: MappedFile, path: String = "") throws(ModelFileError) {
        self.file = file
        self.path = path
        var found: [String: StoredTensor] = [:]
        if file.bytes.starts(with: Self.oldMagic) {
            try Self.collectOld(file.bytes, into: &found)
        } else if file.bytes.starts(with: Array("PK".utf8)) {
            try Self.collect(file.bytes, into: &found)
        } else {
            throw ModelFileError(.malformed, "not a checkpoint of PyTorch: it begins neither as a zip archive nor as a pickle of torch.save")
        }
        guard !found.isEmpty else { throw ModelFileError(.malformed, "there are no tensors in it") }
        tensors = found
    }

    package var names: [String] { tensors.keys.sorted() }

    package func shape(of name: String) throws(ModelFileError) -> Shape { try tensor(name).shape }

    /// How the elements of a tensor are stored.
    package func type(of name: String) throws(ModelFileError) -> ElementType { try tensor(name).type }

    package func weights(named name: String) throws(ModelFileError) -> [Float] {
        let tensor = try tensor(name), raw = try bytes(of: name)
        guard let values = raw.withUnsafeBytes({ FloatConversion.floats($0, type: tensor.type, count: tensor.shape.count) }) else {
            throw ModelFileError(.unsupported, file: path, "tensor '\(name)' has elements of type \(tensor.type.rawValue), expected a float")
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw ModelFileError(.malformed, file: path, "tensor '\(name)' holds \(values[index]) at element \(index)")
        }
        return values
    }

    /// The elements of a tensor, row-major, little-endian.
    package func bytes(of name: String) throws(ModelFileError) -> [UInt8] {
        let tensor = try tensor(name), size = tensor.type.bits / 8, extents = tensor.shape.extents, count = tensor.shape.count
        let source = file.bytes[tensor.bytes]
        if count * size == source.count, tensor.strides == Self.contiguous(extents) { return Array(source) }
        var result: [UInt8] = [], place = [Int](repeating: 0, count: extents.count), offset = source.startIndex
        result.reserveCapacity(count * size)
        for _ in 0..<count {
            result += file.bytes[offset..<offset + size]
            for axis in extents.indices.reversed() {
                place[axis] += 1
                offset += tensor.strides[axis] * size
                if place[axis] < extents[axis] { break }
                offset -= extents[axis] * tensor.strides[axis] * size
                place[axis] = 0
            }
        }
        return result
    }

    private func tensor(_ name: String) throws(ModelFileError) -> StoredTensor {
        guard let tensor = tensors[name] else { throw ModelFileError(.missing, file: path, "there is no tensor '\(name)'") }
        return tensor
    }

    private static func contiguous(_ extents: [Int]) -> [Int] {
        var strides = extents, step = 1
        for axis in extents.indices.reversed() {
            strides[axis] = step
            step *= extents[axis]
        }
        return strides
    }

    // MARK: The two formats

    /// Zip: one pickle, and a file for each storage.
    private static func collect(_ bytes: UnsafeRawBufferPointer, into found: inout [String: StoredTensor]) throws(ModelFileError) {
        let files = try ZipDirectory(bytes).files
        let pickles = files.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }.sorted()
        guard let name = pickles.first, pickles.count == 1, let range = files[name] else {
            throw ModelFileError(.malformed, "zip archive: there are \(pickles.count) files data.pkl, expected one")
        }
        let folder = name.dropLast("data.pkl".count)
        if let order = files[folder + "byteorder"], !bytes[order].starts(with: Array("little".utf8)) {
            throw ModelFileError(.unsupported, "the numbers are not little-endian")
        }
        var pickle = TensorPickle(UnsafeRawBufferPointer(rebasing: bytes[range]))
        let root = try pickle.read()
        try collect(root, pickle, into: &found) { (storage) throws(ModelFileError) in
            guard let range = files[folder + "data/" + storage.key] else { throw ModelFileError(.malformed, "storage '\(storage.key)' is missing") }
            return range
        }
    }

    /// The pickle of 0x1950a86a20f9469cfc6c, which old files begin with.
    private static let oldMagic: [UInt8] = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]

    /// Before 1.6: pickles of a magic number, a version, the machine, the dictionary and the storages' keys; then the storages, in the order of
    /// the keys, each after its number of elements.
    private static func collectOld(_ bytes: UnsafeRawBufferPointer, into found: inout [String: StoredTensor]) throws(ModelFileError) {
        var pickle = TensorPickle(bytes)
        _ = try pickle.read()
        guard case .int(1001) = try pickle.read() else { throw ModelFileError(.unsupported, "the version of the format is not 1001") }
        _ = try pickle.read()
        let root = try pickle.read()
        guard case .list(let keys) = try pickle.read() else { throw ModelFileError(.malformed, "the keys of the storages are no list") }
        var types: [String: ElementType] = [:], places: [String: Range<Int>] = [:]
        for storage in pickle.storages { types[storage.key] = storage.type }
        var cursor = ByteCursor(bytes, at: pickle.offset)
        for value in pickle.lists[keys] {
            guard case .string(let key) = value, let type = types[key] else { throw ModelFileError(.malformed, "a storage that no tensor uses") }
            guard let count = cursor.number(UInt64.self), count <= UInt64(bytes.count), let contents = cursor.take(Int(count) * (type.bits / 8)) else {
                throw ModelFileError(.malformed, "storage '\(key)' is cut short")
            }
            places[key] = cursor.offset - contents.count..<cursor.offset
        }
        try collect(root, pickle, into: &found) { (storage) throws(ModelFileError) in
            guard let range = places[storage.key] else { throw ModelFileError(.malformed, "storage '\(storage.key)' is missing") }
            return range
        }
    }

    // MARK: Tensors

    private static func collect(
        _ root: TensorPickle.Value, _ pickle: TensorPickle, into found: inout [String: StoredTensor],
        _ contents: (TensorPickle.Storage) throws(ModelFileError) -> Range<Int>
    ) throws(ModelFileError) {
        guard case .dictionary(let index) = root else { throw ModelFileError(.unsupported, "it holds no dictionary of tensors") }
        // Without recursion: dictionaries may contain one another.
        var open = [(index: index, prefix: "", depth: 1)], visited = 0
        while let (index, prefix, depth) = open.popLast() {
            for (key, value) in pickle.dictionaries[index] {
                visited += 1
                guard visited <= tensorLimit else { throw ModelFileError(.malformed, "there are over \(tensorLimit) entries") }
                let word: String
                switch key {
                case .string(let text): word = text
                case .int(let number): word = String(number)
                default: continue
                }
                switch value {
                case .dictionary(let inner):
                    guard depth < depthLimit else { throw ModelFileError(.malformed, "dictionaries lie over \(depthLimit) deep in one another") }
                    open.append((inner, prefix + word + ".", depth + 1))
                case .tensor(let tensor):
                    let name = prefix + word
                    found[name] = try stored(pickle.tensors[tensor], name, pickle, contents)
                default: continue
                }
            }
        }
    }

    private static func stored(
        _ tensor: TensorPickle.Tensor, _ name: String, _ pickle: TensorPickle, _ contents: (TensorPickle.Storage) throws(ModelFileError) -> Range<Int>
    ) throws(ModelFileError) -> StoredTensor {
        let storage = pickle.storages[tensor.storage], size = storage.type.bits / 8, range = try contents(storage)
        guard storage.count <= range.count / size else {
            throw ModelFileError(.malformed, "storage '\(storage.key)' has \(range.count) bytes, too few for \(storage.count) elements")
        }
        func outside() -> ModelFileError { ModelFileError(.malformed, "tensor '\(name)' lies outside its storage of \(storage.count) elements") }
        guard ElementType.byteCount(of: tensor.extents, bits: storage.type.bits) != nil else { throw outside() }
        let count = tensor.extents.reduce(1, *)
        // The last element's place, with every step checked.
        var last = tensor.offset
        guard last >= 0, last <= storage.count else { throw outside() }
        if count > 0 {
            for (extent, stride) in zip(tensor.extents, tensor.strides) {
                let (reach, tooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
                guard !tooFar, reach < storage.count - last || (reach == 0 && last < storage.count) else { throw outside() }
                last += reach
            }
            guard last < storage.count else { throw outside() }
        }
        // A stride of 0 makes any size out of nothing.
        guard count <= storage.count else {
            throw ModelFileError(.unsupported, "tensor '\(name)' of \(count) elements repeats those of a storage of \(storage.count)")
        }
        let start = range.lowerBound + tensor.offset * size, end = count > 0 ? range.lowerBound + (last + 1) * size : start
        return StoredTensor(type: storage.type, shape: Shape(tensor.extents), strides: tensor.strides, bytes: start..<end)
    }
}
