internal import MienDigest

/// Digests by Nettle, in lower-case hexadecimal digits.
enum Digest {
    /// SHA-256 of a whole file, read piece by piece.
    static func file(_ path: String) throws(ModelStoreError) -> String {
        var hash = SHA256()
        return try digest(try Descriptor(reading: path), &hash)
    }

    /// SHA-256 of some bytes.
    static func bytes(_ bytes: some Sequence<UInt8>) -> String {
        var hash = SHA256()
        Array(bytes).withUnsafeBytes { hash.update($0) }
        return hash.finish().hexadecimal
    }

    /// A file's name in git's object store. Git puts the size before the contents, so it must be known.
    static func gitBlob(_ path: String, bytes: Int) throws(ModelStoreError) -> String {
        var hash = SHA1()
        Array("blob \(bytes)\0".utf8).withUnsafeBytes { hash.update($0) }
        return try digest(try Descriptor(reading: path), &hash)
    }

    private static func digest(_ file: borrowing Descriptor, _ hash: inout some HashFunction) throws(ModelStoreError) -> String {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = try file.read(into: piece)
            if count == 0 { return hash.finish().hexadecimal }
            hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }
}
