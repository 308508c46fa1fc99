package import InferenceCore
import MienManifest

/// What packing at fewer bits, of encoder and head together, changes in a head's score: absolute, over the inputs that were measured.
package struct HeadDrift: Sendable {
    package let name: String
    package let mean: Float
    package let largest: Float
}

/// The heads of a folder, `model_NAME_best.pth` each, which go into a packed file one after the other: all of them would be 16 GB.
package struct HeadPacking {
    /// What the encoder gave for the inputs to be measured, `[count, inputs]`: as it is packed, and at f32.
    package struct Rows {
        package var packed: [Float]
        package var exact: [Float]

        package init(packed: [Float], exact: [Float]) {
            self.packed = packed
            self.exact = exact
        }
    }

    private let files: [(name: String, path: String)]
    private let kind: HeadWeights.Kind

    /// - Throws: `ModelFileError`: `.unreadable`, `.missing` if there are no heads.
    package init(_ folder: String, kind: HeadWeights.Kind) throws(ModelFileError) {
        let first = "model_", last = "_best.pth"
        let names: [String]
        do throws(PluginFile.Failure) { names = try Folder.names(in: folder) } catch { throw ModelFileError(.unreadable, file: folder, error.reason) }
        files = names.filter { $0.hasPrefix(first) && $0.hasSuffix(last) && $0.utf8.count > first.utf8.count + last.utf8.count }
            .map { (String($0.dropFirst(first.count).dropLast(last.count)), "\(folder)/\($0)") }
        self.kind = kind
        guard !files.isEmpty else { throw ModelFileError(.missing, file: folder, "there are no heads, files called model_NAME_best.pth") }
    }

    /// - Parameters:
    ///   - rows: What heads may read, by its length.
    ///   - count: Inputs to be measured; 0: none.
    /// - Throws: `ModelFileError` naming the file.
    package func pack(
        to writer: PackedFileWriter, on processor: Processor, rows: [Int: Rows], count: Int, progress: (_ head: String, _ done: Int, _ total: Int) -> Void
    ) throws -> (entries: [PackedHeads.Entry], drift: [HeadDrift]) {
        var entries: [PackedHeads.Entry] = [], drift: [HeadDrift] = []
        for (index, file) in files.enumerated() {
            progress(file.name, index, files.count)
            let found = try HeadWeights.all(kind, in: TorchCheckpoint(path: file.path))
            guard var head = found.first, found.count == 1 else { throw ModelFileError(.mismatch, file: file.path, "holds \(found.count) heads, expected 1") }
            head.name = file.name
            guard let inputs = rows[head.inputs] else {
                throw ModelFileError(.mismatch, file: file.path, "the head reads \(head.inputs) values; the encoder gives \(rows.keys.sorted().map(String.init).joined(separator: " or "))")
            }
            entries.append(try PackedHeads.write(head, to: writer, on: processor))
            guard count > 0 else { continue }
            func scores(_ rows: [Float], _ processor: Processor) -> [Float] { Perceptrons([Perceptron(head.layers, on: processor)], on: processor).run(count, rows) }
            let differences = zip(scores(inputs.packed, processor), scores(inputs.exact, processor.at(.f32))).map { abs($0 - $1) }
            drift.append(HeadDrift(name: head.name, mean: differences.reduce(0, +) / Float(count), largest: differences.max()!))
        }
        return (entries, drift)
    }
}
