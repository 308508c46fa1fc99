/// Why a model file could not be used, in words for the person who chose the file.
package struct ModelFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The file cannot be opened, read or mapped.
        case unreadable
        /// The bytes break the rules of the format.
        case malformed
        /// The format allows it, this program does not read it.
        case unsupported
        /// Something the network needs is not in the file.
        case missing
        /// Two parts of the file, or the file and the network, contradict each other.
        case mismatch
    }

    package let kind: Kind
    /// Path of the file; empty for bytes that came from memory.
    package private(set) var file: String
    /// What is wrong and where, without the file's name.
    package let reason: String

    package init(_ kind: Kind, file: String = "", _ reason: String) {
        self.kind = kind
        self.file = file
        self.reason = reason
    }

    /// The same error with the file's name filled in.
    func inFile(_ path: String) -> ModelFileError {
        var error = self
        if error.file.isEmpty { error.file = path }
        return error
    }

    package var description: String { file.isEmpty ? reason : "\(file): \(reason)" }
}
