package import InferenceCore

/// Writes f32 tensors as `torch.save` writes a dictionary of them: a zip archive of a pickle and a file for each tensor.
package enum TorchFile {
    package static func bytes(_ tensors: [(name: String, tensor: Tensor)]) -> [UInt8] {
        var archive = ZipArchive()
        archive.add("archive/data.pkl", pickle(tensors))
        for (index, entry) in tensors.enumerated() {
            archive.add("archive/data/\(index)", entry.tensor.values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) })
        }
        return archive.finished()
    }

    /// Protocol 2. What each instruction is called is in Python's pickletools.
    private static func pickle(_ tensors: [(name: String, tensor: Tensor)]) -> [UInt8] {
        func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }
        func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
        func number(_ value: Int) -> [UInt8] { [0x4a] + little(UInt32(value)) }
        func tuple(_ parts: [UInt8]) -> [UInt8] { [0x28] + parts + [0x74] }
        var bytes: [UInt8] = [0x80, 2, 0x7d]
        for (index, (name, tensor)) in tensors.enumerated() {
            let extents = tensor.shape.extents
            let strides = extents.indices.map { extents[($0 + 1)...].reduce(1, *) }
            let storage = tuple(text("storage") + global("torch", "FloatStorage") + text(String(index)) + text("cpu") + number(tensor.count)) + [0x51]
            let hooks = global("collections", "OrderedDict") + [0x29, 0x52]
            bytes += text(name) + global("torch._utils", "_rebuild_tensor_v2")
            bytes += tuple(storage + number(0) + tuple(extents.flatMap(number)) + tuple(strides.flatMap(number)) + [0x89] + hooks) + [0x52, 0x73]
        }
        return bytes + [0x2e]
    }
}

private func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

/// A zip archive whose files are stored as they are. Checksums are 0: nobody here computes them.
private struct ZipArchive {
    private var bytes: [UInt8] = [], directory: [UInt8] = [], count: UInt16 = 0

    mutating func add(_ name: String, _ contents: [UInt8]) {
        let size = little(UInt32(contents.count)), length = little(UInt16(name.utf8.count)), offset = little(UInt32(bytes.count))
        // Version, flags, method, time, date, checksum, sizes, lengths of name and extra field.
        let common = little(UInt16(0)) + little(UInt16(0)) + little(UInt32(0)) + little(UInt32(0)) + size + size + length + little(UInt16(0))
        bytes += [0x50, 0x4b, 3, 4] + little(UInt16(20)) + common + Array(name.utf8) + contents
        directory += [0x50, 0x4b, 1, 2] + little(UInt32(20)) + common + [UInt8](repeating: 0, count: 10) + offset + Array(name.utf8)
        count += 1
    }

    func finished() -> [UInt8] {
        let end = [0x50, 0x4b, 5, 6] + little(UInt32(0)) + little(count) + little(count) + little(UInt32(directory.count)) + little(UInt32(bytes.count))
        return bytes + directory + end + little(UInt16(0))
    }
}
