/// The models that this build knows, put together from the `model.json` of every plugin.
package struct ModelCatalogue: Sendable {
    /// In the order of the files and of the entries within them.
    package private(set) var models: [CatalogueModel] = []

    package init() {}

    /// - Throws: `badCatalogue` if an id occurs in both.
    package mutating func merge(_ other: ModelCatalogue) throws(ModelStoreError) {
        for model in other.models {
            if let old = models.first(where: { $0.id == model.id }) {
                throw ModelStoreError(.badCatalogue, "model \(model.id) is in the catalogue twice, in versions \(old.version) and \(model.version)")
            }
            models.append(model)
        }
    }

    /// - Throws: `unknownModel` with the ids that there are.
    package func model(_ id: String) throws(ModelStoreError) -> CatalogueModel {
        guard let model = models.first(where: { $0.id == id }) else {
            let known = models.isEmpty ? "the catalogue is empty" : "known are: " + models.map(\.id).joined(separator: ", ")
            throw ModelStoreError(.unknownModel, "no model is called \"\(id)\"; \(known)")
        }
        return model
    }

    init(models: [CatalogueModel]) { self.models = models }
}

/// One model: what it consists of, and where it comes from.
package struct CatalogueModel: Sendable, Equatable {
    /// In kebab-case: "fer-mini-xception". Safe as a folder name, like every name in here.
    package var id: String
    /// Ours; changes whenever a file changes.
    package var version: String
    /// One sentence.
    package var summary: String
    /// SPDX identifier.
    package var licence: String
    /// Whom to name, as the licence asks.
    package var attribution: String
    package var homepage: String
    /// Pulled only if it is named: no estimator needs it.
    package var isOptional = false
    package var contents: ModelContents

    /// The files that the catalogue knows; none if it knows only where they come from.
    package var files: [CatalogueFile] {
        guard case .files(let files) = contents else { return [] }
        return files
    }

    /// Size of the installed files in bytes: exact for files, about for repositories, `nil` for what is packed here.
    package var totalBytes: Int? {
        switch contents {
        case .files(let files): files.reduce(0) { $0 + $1.blob.bytes }
        case .repositories(_, let bytes): bytes
        case .packed: nil
        }
    }

    /// The one file of a packed model.
    package static let packedFile = "model.mien"
}

package enum ModelContents: Sendable, Equatable {
    /// Files that the catalogue knows to the byte.
    case files([CatalogueFile])
    /// What repositories of the model hub hold when they are pulled; the hub states sizes and digests.
    case repositories([CatalogueRepository], approximateBytes: Int)
    /// `model.mien`, which `mien models pack` makes on this machine from any one of these models.
    case packed(from: [String])
}

/// Bytes that are known exactly, and where they go.
package struct Blob: Sendable, Hashable {
    /// A file name or, for a file of a repository, FOLDER/NAME.
    package var name: String
    package var bytes: Int
    package var checksum: Checksum

    init(name: String, bytes: Int, checksum: Checksum) {
        self.name = name
        self.bytes = bytes
        self.checksum = checksum
    }

    init(name: String, bytes: Int, sha256: String) { self.init(name: name, bytes: bytes, checksum: .sha256(sha256)) }
}

/// What is known about bytes beforehand, in lower-case hexadecimal digits.
package enum Checksum: Sendable, Hashable, CustomStringConvertible {
    case sha256(String)
    /// As git names a file: SHA-1 of "blob SIZE", a zero byte and the contents.
    case gitBlob(String)

    var digits: String {
        switch self {
        case .sha256(let digits), .gitBlob(let digits): digits
        }
    }

    package var description: String {
        switch self {
        case .sha256: "SHA-256 \(digits)"
        case .gitBlob: "git blob \(digits)"
        }
    }
}

/// One file of a model.
package struct CatalogueFile: Sendable, Equatable {
    /// The file as installed.
    package var blob: Blob
    /// Where to get `downloaded`; tried in order.
    package var sources: [ModelSource]
    /// Set if the installed file is made from the downloaded one.
    package var conversion: Conversion?

    /// What the sources hold.
    package var downloaded: Blob { conversion?.input ?? blob }
}

/// A script that turns a downloaded file into the installed one. Its output is checked like any download, so a conversion need not
/// be trusted to be right, only to be harmless.
package struct Conversion: Sendable, Equatable {
    package var input: Blob
    /// Name of the script, a Python program called with two arguments: input path, output path.
    package var script: String
    /// Text of the script.
    package var program: [UInt8]
    /// For pip, each pinned: "h5py==3.16.0".
    package var requirements: [String]
}

package enum ModelSource: Sendable, Equatable, CustomStringConvertible {
    case url(String)
    /// A file in a repository of a model hub.
    case hub(repository: String, revision: String, path: String)
    /// A file inside a wheel of a Python package index.
    case wheel(package: String, version: String, sha256: String, member: String)

    package var description: String {
        switch self {
        case .url(let url): url
        case .hub(let repository, let revision, let path): "hub \(repository) at \(revision), \(path)"
        case .wheel(let package, let version, _, let member): "wheel \(package)==\(version), \(member)"
        }
    }
}
