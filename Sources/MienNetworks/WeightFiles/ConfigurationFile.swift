package import MienJSON

/// A small JSON file beside weights: `config.json`, `preprocessor_config.json`.
package struct ConfigurationFile {
    package let bytes: [UInt8]
    package let value: JSONValue

    /// - Parameter limit: Most bytes that are read.
    /// - Throws: `ModelFileError` `.unreadable`, `.malformed`.
    package init(path: String, limit: Int = 1 << 20) throws(ModelFileError) {
        let file = try MappedFile(path: path, limit: limit)
        bytes = Array(file.bytes)
        do throws(JSONError) {
            value = try JSONValue.parse(bytes, limits: JSONLimits(bytes: limit, depth: 32))
        } catch {
            throw ModelFileError(.malformed, file: path, "\(error)")
        }
    }
}
