internal import CNettle

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
        return digits(of: hash.finish())
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
            if count == 0 { return digits(of: hash.finish()) }
            hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }

    private static func digits(of digest: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

private protocol HashFunction {
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    mutating func finish() -> [UInt8]
}

private struct SHA256: HashFunction {
    private var context = sha256_ctx()

    init() { nettle_sha256_init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        nettle_sha256_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }

    mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        mien_sha256_digest(&context, &digest)
        return digest
    }
}

private struct SHA1: HashFunction {
    private var context = sha1_ctx()

    init() { nettle_sha1_init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        nettle_sha1_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }

    mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA1_DIGEST_SIZE))
        mien_sha1_digest(&context, &digest)
        return digest
    }
}
