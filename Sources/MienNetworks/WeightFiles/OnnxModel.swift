import CMessageValidator
import COnnxProtos
package import InferenceCore

/// An ONNX model, read into the core's graph.
///
/// Covered are two-dimensional convolutional networks, with attention where they have it, with f32, f16, bf16 or f64 weights in the file
/// itself, operator sets 7 to 25. Inputs and maps among the outputs are `[n, h, w, c]` in the graph where the file has `[n, c, h, w]`; arrays
/// of other kinds are in the file's order. Extents of batch, height and width that the file declares are not binding, except that what
/// treats a map as an array (Flatten, Reshape, Transpose...) fixes height and width, and that a file for one example may be run with more.
/// What is not covered is refused with the name of the operator and its node; what the outputs do not depend on is not looked at.
package struct OnnxModel: Sendable {
    /// Versions of ONNX's own operators that the importer knows.
    package static let operatorSets = 7...25

    package let graph: Graph
    /// Extents that the file declares for each of the graph's inputs, in the file's order; nil where it leaves one open. The graph itself may be run
    /// with other heights and widths than the network was made for.
    package let declaredInputs: [String: [Int?]]
    /// Version of the operator set the model was written for.
    package let operatorSet: Int
    /// The program that wrote the file, with its version; may be empty.
    package let producer: String
    /// `metadata_props` of the file.
    package let metadata: [String: String]

    /// Reads and checks the file at `path`.
    ///
    /// - Throws: `ModelFileError`: `.unreadable`, `.malformed` for broken files, `.unsupported` for operators or variants of them that are
    ///   not covered, `.mismatch` for weights that do not fit together.
    package init(path: String) throws(ModelFileError) {
        do {
            try self.init(MappedFile(path: path, limit: OnnxFile.sizeLimit))
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a file that is already in memory.
    package init(_ bytes: MappedFile) throws(ModelFileError) {
        let file = try OnnxFile(bytes.bytes)
        defer { withExtendedLifetime(file) {} }
        let model = file.model.pointee
        guard let graph = model.graph else { throw ModelFileError(.malformed, "not an ONNX file: it has no graph") }
        let sets = repeated(model.opset_import, model.n_opset_import).compactMap { $0 }
            .filter { ["", "ai.onnx"].contains(text($0.pointee.domain)) }
        guard let version = sets.first?.pointee.version, sets.count == 1 else {
            throw ModelFileError(.malformed, "ONNX file does not name the version of its operators")
        }
        guard let operatorSet = Int(exactly: version), Self.operatorSets.contains(operatorSet) else {
            throw ModelFileError(.unsupported, "ONNX operator set \(version) is not supported, "
                                 + "only \(Self.operatorSets.lowerBound) to \(Self.operatorSets.upperBound)")
        }
        var importer = OnnxImporter(opset: operatorSet, fileSize: bytes.bytes.count)
        do {
            self.graph = try importer.run(graph)
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw ModelFileError(.malformed, "ONNX file: \(error)")
        }
        declaredInputs = importer.declaredInputs
        self.operatorSet = operatorSet
        producer = [text(model.producer_name), text(model.producer_version)].filter { !$0.isEmpty }.joined(separator: " ")
        metadata = Dictionary(repeated(model.metadata_props, model.n_metadata_props).compactMap { $0 }
            .map { (text($0.pointee.key), text($0.pointee.value)) }) { first, _ in first }
    }
}
