/// Why a plugin's `face.json` cannot be used, in words for its author.
package struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Path of the manifest, or of the folder that has none.
    package let file: String
    /// Place within the manifest in dotted form, "outputs[0].values[3].category"; empty for the file as a whole.
    package let key: String
    /// Goes on from the key, or from the file where there is none: "is missing".
    package let message: String

    init(file: String, key: String = "", _ message: String) {
        self.file = file
        self.key = key
        self.message = message
    }

    package var description: String { "\(file): \(key.isEmpty ? "" : key + " ")\(message)" }
}
