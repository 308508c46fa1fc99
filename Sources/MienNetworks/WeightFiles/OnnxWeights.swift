import COnnxProtos
package import InferenceCore

/// The initializers of an ONNX file. Its operators are not looked at.
package struct OnnxWeights: WeightFile {
    package let path: String
    private let file: OnnxFile
    private let tensors: [String: OnnxTensor]

    /// Reads the file at `path`.
    ///
    /// - Throws: `ModelFileError`: `.unreadable`, `.malformed`, or `.unsupported` for data in another file.
    package init(path: String) throws(ModelFileError) {
        do {
            try self.init(MappedFile(path: path, limit: OnnxFile.sizeLimit), path: path)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a file that is already in memory.
    package init(_ bytes: MappedFile, path: String = "") throws(ModelFileError) {
        self.path = path
        file = try OnnxFile(bytes.bytes)
        guard let graph = file.model.pointee.graph else { throw ModelFileError(.malformed, "not an ONNX file: it has no graph") }
        var tensors: [String: OnnxTensor] = [:]
        for case let proto? in repeated(graph.pointee.initializer, graph.pointee.n_initializer) {
            let tensor = try OnnxTensor(proto)
            guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
                throw ModelFileError(.malformed, "there are two tensors '\(tensor.name)'")
            }
        }
        self.tensors = tensors
    }

    package var names: [String] { tensors.keys.sorted() }

    package func shape(of name: String) throws(ModelFileError) -> Shape { Shape(try tensor(name).extents) }

    package func weights(named name: String) throws(ModelFileError) -> [Float] {
        defer { withExtendedLifetime(file) {} }
        do {
            return try tensor(name).floats()
        } catch {
            throw error.inFile(path)
        }
    }

    private func tensor(_ name: String) throws(ModelFileError) -> OnnxTensor {
        guard let tensor = tensors[name] else { throw ModelFileError(.missing, file: path, "there is no tensor '\(name)'") }
        return tensor
    }
}
