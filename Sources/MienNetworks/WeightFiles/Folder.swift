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
    /// - Throws: `ModelFileError` `.unreadable`.
    package static func names(in path: String) throws(ModelFileError) -> [String] {
        guard let folder = opendir(path) else { throw ModelFileError(.unreadable, file: path, "cannot be read: \(String(cString: strerror(errno)))") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
