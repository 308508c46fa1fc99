/// Why something about models did not work.
package struct ModelStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The catalogue has no model of that name.
        case unknownModel
        case notInstalled
        /// Installed files are not what the catalogue says.
        case damaged
        /// `model.json` does not keep to its schema.
        case badCatalogue
        /// No source gave the file; the description has every source's reason.
        case sourcesFailed
        /// A file given by the user is none of the model's.
        case wrongFile
        case diskFull
        /// Any other failure of the file system.
        case fileSystem
        case cancelled
    }

    package var code: Code
    /// For people: what happened and, where there is something to do, what. May have several lines.
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
