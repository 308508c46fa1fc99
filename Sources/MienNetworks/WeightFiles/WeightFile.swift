package import InferenceCore

/// Weights that a file holds by name, for networks that are built here rather than from a graph in the file.
package protocol WeightFile {
    /// Empty if the bytes came from memory.
    var path: String { get }
    /// Names of all tensors, sorted.
    var names: [String] { get }

    /// - Throws: `ModelFileError` `.missing`.
    func shape(of name: String) throws(ModelFileError) -> Shape
    /// The elements, row-major, all finite.
    ///
    /// - Throws: `ModelFileError`: `.missing`, `.unsupported` for elements that are no floats, `.malformed`.
    func weights(named name: String) throws(ModelFileError) -> [Float]
}

extension Safetensors: WeightFile {
    package func shape(of name: String) throws(ModelFileError) -> Shape { try tensor(named: name).shape }
    package func weights(named name: String) throws(ModelFileError) -> [Float] { try floats(named: name) }
}
