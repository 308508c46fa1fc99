#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

package enum Folder {
    /// Names of what is in a folder, sorted, without hidden ones.
    ///
    /// - Throws: `PluginFile.Failure` if it is no folder that can be read.
    package static func names(in path: String) throws(PluginFile.Failure) -> [String] {
        guard let folder = opendir(path) else { throw PluginFile.Failure(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The folders with a manifest that a path stands for: itself if it holds one, else each folder within it that does, by name.
    ///
    /// - Parameter manifests: Names that manifests may have. Of a folder with several the first counts.
    /// - Returns: Folders and the names of their manifests; empty if there are none.
    /// - Throws: `ManifestError` if it is no folder that can be read, or holds too many.
    package static func plugins(in path: String, manifests: [String]) throws(ManifestError) -> [(folder: String, manifest: String)] {
        func manifest(in folder: String) -> String? { manifests.first { PluginFile.exists("\(folder)/\($0)") } }
        if let manifest = manifest(in: path) { return [(path, manifest)] }
        let names: [String]
        do throws(PluginFile.Failure) { names = try Self.names(in: path) } catch { throw ManifestError(file: path, error.reason) }
        let found = names.map { "\(path)/\($0)" }.compactMap { folder in manifest(in: folder).map { (folder: folder, manifest: $0) } }
        guard found.count <= pluginLimit else { throw ManifestError(file: path, "holds \(found.count) plugins; at most \(pluginLimit) are read") }
        return found
    }

    /// Most folders with a manifest within one folder.
    private static let pluginLimit = 256
}
