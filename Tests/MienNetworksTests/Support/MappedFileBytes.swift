import MienNetworks

enum MappedFileBytes {
    /// The contents of a file; empty if it cannot be read.
    static func read(_ path: String) -> [UInt8] {
        guard let file = try? MappedFile(path: path) else { return [] }
        return withExtendedLifetime(file) { Array(file.bytes) }
    }
}
