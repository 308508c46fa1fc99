package import MienJSON

/// A small JSON file beside weights: `config.json`, `preprocessor_config.json`.
package struct ConfigurationFile {
    package let bytes: [UInt8]
    package let value: JSONValue

    /// - Throws: `ModelFileError` `.unreadable`, `.malformed`.
    package init(path: String) throws(ModelFileError) {
        let file = try MappedFile(path: path, limit: 1 << 20)
        bytes = Array(file.bytes)
        do throws(JSONError) {
            value = try JSONValue.parse(bytes, limits: JSONLimits(bytes: 1 << 20, depth: 32))
        } catch {
            throw ModelFileError(.malformed, file: path, "\(error)")
        }
    }
}
