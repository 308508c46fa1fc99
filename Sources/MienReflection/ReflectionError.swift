/// Why a message and its JSON form cannot be brought together.
package struct ReflectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Place within the message, in JSON's names: "options.maxFaces", "estimates[2].face". Empty: the whole.
    package var path: String
    package var message: String

    package init(_ message: String, path: String = "") {
        self.message = message
        self.path = path
    }

    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
